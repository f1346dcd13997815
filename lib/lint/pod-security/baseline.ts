import { type Fields, getFields, getList, getText, isFields } from "../../manifests/manifest.ts";
import {
  type BadContext,
  type Check,
  type CheckedPod,
  hasUserNamespace,
  listBad,
  listHolders,
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

function checkHostNamespaces({ pod: { at, fields } }: CheckedPod): Violation[] {
  return ["hostNetwork", "hostPID", "hostIPC"]
    .filter((key) => fields[key] === true)
    .map((key) => ({ at: [...at, key], problem: `has ${key}`, fix: `Remove ${key}` }));
}

function checkPrivileged({ containers }: CheckedPod): Violation[] {
  return listBad(containers, ["privileged"], (value) => value === true).map(({ at, name }) => ({
    at,
    problem: `has the privileged container "${name}"`,
    fix: "Remove privileged: true",
  }));
}

function checkAddedCapabilities({ containers }: CheckedPod): Violation[] {
  return listBad(containers, ["capabilities", "add"], Array.isArray).flatMap((bad) =>
    describeAdded(bad, (capability) => addable.has(capability)),
  );
}

/** The capabilities in a list of added ones that are not allowed. */
export function describeAdded(
  { at, value, name }: BadContext,
  isAllowed: (capability: string) => boolean,
): Violation[] {
  return (value as unknown[]).flatMap((capability, index) =>
    isAllowed(String(capability))
      ? []
      : [
          {
            at: [...at, String(index)],
            problem: `adds the capability ${String(capability)} to container "${name}"`,
            fix: `Take ${String(capability)} out of capabilities.add`,
          },
        ],
  );
}

function checkHostPaths({ pod: { at, fields } }: CheckedPod): Violation[] {
  return getList(fields, "volumes").flatMap((volume, index) =>
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
      if (typeof hostPort !== "number" || hostPort === 0) return [];
      return [
        {
          at: [...at, "ports", String(index), "hostPort"],
          problem: `takes port ${hostPort} of its host`,
          fix: "Remove hostPort, and reach the pod by a Service",
        },
      ];
    }),
  );
}

const probes = ["livenessProbe", "readinessProbe", "startupProbe"];

function checkProbeHosts({ containers }: CheckedPod): Violation[] {
  return containers.flatMap(({ at, fields }) => [
    ...probes.flatMap((probe) => findHosts(fields, [probe]).map((host) => toHost(at, host))),
    ...["postStart", "preStop"].flatMap((hook) =>
      findHosts(fields, ["lifecycle", hook]).map((host) => toHost(at, host)),
    ),
  ]);
}

function findHosts(fields: Fields, handler: string[]): { path: string[]; host: string }[] {
  if (fields[handler[0] ?? ""] === undefined) return [];
  return ["httpGet", "tcpSocket"].flatMap((how) => {
    const host = getText(fields, ...handler, how, "host") ?? "";
    return host === "" ? [] : [{ path: [...handler, how, "host"], host }];
  });
}

function toHost(at: string[], { path, host }: { path: string[]; host: string }): Violation {
  return {
    at: [...at, ...path],
    problem: `lets the kubelet ask another host, ${host}`,
    fix: "Remove the host: the pod itself is asked then",
  };
}

/** Profiles of seccomp and AppArmor, the old annotation for AppArmor among them. */
function checkProfiles(pod: CheckedPod): Violation[] {
  const prefix = "container.apparmor.security.beta.kubernetes.io/";
  const annotations = Object.entries(pod.annotations).filter(
    ([key, value]) =>
      key.startsWith(prefix) && !/^(?:runtime\/default|localhost\/.*)?$/.test(String(value)),
  );
  const holders = listHolders(pod);
  return [
    ...["seccompProfile", "appArmorProfile"].flatMap((profile) =>
      listBad(holders, [profile, "type"], (value) => value === "Unconfined").map(({ at }) =>
        unconfined(at),
      ),
    ),
    ...annotations.map(([key]) =>
      unconfined([...pod.pod.at.slice(0, -1), "metadata", "annotations", key]),
    ),
  ];
}

function unconfined(at: string[]): Violation {
  return { at, problem: "runs unconfined", fix: "Write the profile RuntimeDefault" };
}

function checkSeLinux(pod: CheckedPod): Violation[] {
  return listBad(listHolders(pod), ["seLinuxOptions"], isFields).flatMap(({ at, value }) => {
    const bad = ["type", "user", "role"].filter((key) => {
      const text = getText(value, key) ?? "";
      return key === "type" ? !seLinuxTypes.has(text) : text !== "";
    });
    return bad.map((key) => ({
      at: [...at, key],
      problem: `sets the ${key} of SELinux`,
      fix: `Take ${key} out of seLinuxOptions`,
    }));
  });
}

function checkProcMount(pod: CheckedPod): Violation[] {
  return hasUserNamespace(pod) ? [] : findUnmaskedProc(pod);
}

/** The containers that see all of /proc. */
export function findUnmaskedProc({ containers }: CheckedPod): Violation[] {
  const isUnmasked = (value: unknown) => value !== undefined && value !== "Default";
  return listBad(containers, ["procMount"], isUnmasked).map(({ at }) => ({
    at,
    problem: "mounts /proc without its masks",
    fix: "Remove procMount",
  }));
}

function checkSysctls({ pod: { at, context } }: CheckedPod): Violation[] {
  return getList(context, "sysctls").flatMap((sysctl, index) => {
    const name = getText(sysctl, "name") ?? "";
    if (safeSysctls.has(name)) return [];
    return [
      {
        at: [...at, "securityContext", "sysctls", String(index), "name"],
        problem: `sets ${name}`,
        fix: `Remove the sysctl ${name}`,
      },
    ];
  });
}

function checkHostProcess(pod: CheckedPod): Violation[] {
  const isOn = (value: unknown) => value === true;
  return listBad(listHolders(pod), ["windowsOptions", "hostProcess"], isOn).map(({ at }) => ({
    at,
    problem: "runs as a process of its host",
    fix: "Remove hostProcess",
  }));
}
