import { getFields, getList, getText, isFields } from "../../manifests/manifest.ts";
import {
  type Check,
  type CheckedPod,
  hasUserNamespace,
  listContainerContexts,
  listContexts,
  type Violation,
} from "./pod.ts";

const addable = new Set([
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]);

const safeSysctls = new Set([
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ping_group_range",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_wmem",
]);

const seLinuxTypes = new Set([
  "",
  "container_engine_t",
  "container_init_t",
  "container_kvm_t",
  "container_t",
]);

/**
 * What the level `baseline` forbids, as Kubernetes 1.36 checks it
 * (staging/src/k8s.io/pod-security-admission/policy).
 */
export const baselineChecks: readonly Check[] = [
  checkHostNamespaces,
  checkPrivileged,
  checkAddedCapabilities,
  checkHostPaths,
  checkHostPorts,
  checkProbeHosts,
  checkProfiles,
  checkSeLinux,
  checkProcMount,
  checkSysctls,
  checkHostProcess,
];

function checkHostNamespaces({ at, spec }: CheckedPod): Violation[] {
  return ["hostNetwork", "hostPID", "hostIPC"]
    .filter((key) => spec[key] === true)
    .map((key) => ({ at: [...at, key], problem: `has ${key}`, fix: "Remove it" }));
}

function checkPrivileged(pod: CheckedPod): Violation[] {
  return listContainerContexts(pod, "privileged")
    .filter(({ value }) => value === true)
    .map(({ at, name }) => ({
      at,
      problem: `has the privileged container "${name}"`,
      fix: "Remove it",
    }));
}

function checkAddedCapabilities(pod: CheckedPod): Violation[] {
  return listContainerContexts(pod, "capabilities", "add").flatMap(({ at, value, name }) =>
    (Array.isArray(value) ? value : []).flatMap((capability: unknown, index) =>
      typeof capability !== "string" || addable.has(capability)
        ? []
        : [
            {
              at: [...at, String(index)],
              problem: `adds the capability ${capability} to container "${name}"`,
              fix: "Remove it",
            },
          ],
    ),
  );
}

function checkHostPaths({ at, spec }: CheckedPod): Violation[] {
  return getList(spec, "volumes").flatMap((volume, index) =>
    isFields(volume) && volume["hostPath"] !== undefined
      ? [
          {
            at: [...at, "volumes", String(index), "hostPath"],
            problem: `mounts ${getText(volume, "hostPath", "path") ?? "a path"} of its host`,
            fix: "Take a PersistentVolumeClaim or an emptyDir",
          },
        ]
      : [],
  );
}

function checkHostPorts({ containers }: CheckedPod): Violation[] {
  return containers.flatMap(({ at, fields }) =>
    getList(fields, "ports").flatMap((port, index) => {
      const { hostPort } = getFields(port);
      if (hostPort === undefined || hostPort === 0) return [];
      return [
        {
          at: [...at, "ports", String(index), "hostPort"],
          problem: `takes port ${String(hostPort)} of its host`,
          fix: "Remove it, and reach the pod by a Service",
        },
      ];
    }),
  );
}

const handlers = [
  ["livenessProbe"],
  ["readinessProbe"],
  ["startupProbe"],
  ["lifecycle", "postStart"],
  ["lifecycle", "preStop"],
];

function checkProbeHosts({ containers }: CheckedPod): Violation[] {
  return containers.flatMap(({ at, fields }) =>
    handlers.flatMap((handler) =>
      ["httpGet", "tcpSocket"].flatMap((how) => {
        const host = getText(fields, ...handler, how, "host") ?? "";
        if (host === "") return [];
        return [
          {
            at: [...at, ...handler, how, "host"],
            problem: `lets the kubelet ask another host, ${host}`,
            fix: "Remove it: the pod itself is asked",
          },
        ];
      }),
    ),
  );
}

/** Profiles of seccomp and AppArmor, the old annotation for AppArmor among them. */
function checkProfiles(pod: CheckedPod): Violation[] {
  const prefix = "container.apparmor.security.beta.kubernetes.io/";
  const annotations = Object.entries(pod.annotations).filter(
    ([key, value]) =>
      key.startsWith(prefix) && !/^(?:runtime\/default|localhost\/.*)?$/.test(String(value)),
  );
  return [
    ...["seccompProfile", "appArmorProfile"].flatMap((profile) =>
      listContexts(pod, profile, "type")
        .filter(({ value }) => value === "Unconfined")
        .map(({ at }) => unconfined([...at])),
    ),
    ...annotations.map(([key]) =>
      unconfined([...pod.at.slice(0, -1), "metadata", "annotations", key]),
    ),
  ];
}

function unconfined(at: string[]): Violation {
  return { at, problem: "runs unconfined", fix: "Write RuntimeDefault" };
}

function checkSeLinux(pod: CheckedPod): Violation[] {
  return listContexts(pod, "seLinuxOptions").flatMap(({ at, value }) => {
    const bad = ["type", "user", "role"].filter((key) => {
      const text = getText(value, key) ?? "";
      return key === "type" ? !seLinuxTypes.has(text) : text !== "";
    });
    return bad.map((key) => ({
      at: [...at, key],
      problem: `sets the ${key} of SELinux`,
      fix: "Remove it",
    }));
  });
}

function checkProcMount(pod: CheckedPod): Violation[] {
  return hasUserNamespace(pod)
    ? []
    : listContainerContexts(pod, "procMount")
        .filter(({ value }) => value !== undefined && value !== "Default")
        .map(({ at }) => ({ at, problem: "mounts /proc without its masks", fix: "Remove it" }));
}

function checkSysctls({ at, spec }: CheckedPod): Violation[] {
  return getList(spec, "securityContext", "sysctls").flatMap((sysctl, index) => {
    const name = getText(sysctl, "name") ?? "";
    if (safeSysctls.has(name)) return [];
    return [
      {
        at: [...at, "securityContext", "sysctls", String(index), "name"],
        problem: `sets ${name}`,
        fix: "Remove it",
      },
    ];
  });
}

function checkHostProcess(pod: CheckedPod): Violation[] {
  return listContexts(pod, "windowsOptions", "hostProcess")
    .filter(({ value }) => value === true)
    .map(({ at }) => ({ at, problem: "runs as a process of its host", fix: "Remove it" }));
}
