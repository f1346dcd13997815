import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Objects in a file, and files in a folder. */
const objectsPerFile = 4;
const filesPerFolder = 50;

/** Writes `count` objects of Kubernetes' own kinds, four to a file, in which nothing is wrong. */
export function writeCorpus(folder: string, count: number): void {
  write(folder, "namespaces.yaml", namespaces.map(renderNamespace).join("---\n"));
  for (let at = namespaces.length; at < count; at += objectsPerFile) {
    const number = at / objectsPerFile;
    const objects = Array.from({ length: Math.min(objectsPerFile, count - at) }, (_, index) =>
      renderers[(at + index) % renderers.length]?.(`app-${number}-${index}`, pickNamespace(number)),
    );
    const subfolder = `part-${Math.floor(number / filesPerFolder)}`;
    write(folder, path.join(subfolder, `app-${number}.yaml`), objects.join("---\n"));
  }
}

const namespaces = ["shop", "mail", "wiki", "git"];
const renderers = [
  renderDeployment,
  renderService,
  renderConfigMap,
  renderIngress,
  renderDaemonSet,
  renderServiceAccount,
  renderCronJob,
  renderNetworkPolicy,
];

function pickNamespace(number: number): string {
  return namespaces[number % namespaces.length] ?? "";
}

function write(folder: string, name: string, text: string): void {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function renderHead(apiVersion: string, kind: string, name: string, namespace?: string): string {
  return `apiVersion: ${apiVersion}
kind: ${kind}
metadata:
  name: ${name}
${namespace === undefined ? "" : `  namespace: ${namespace}\n`}  labels:
    app.kubernetes.io/name: ${name}
`;
}

function renderNamespace(name: string): string {
  return `${renderHead("v1", "Namespace", name)}    pod-security.kubernetes.io/enforce: restricted
`;
}

/** A pod that the restricted Pod Security Standard lets in, indented to where it belongs. */
function renderPod(name: string, spaces: number, restartPolicy?: string): string {
  const text = `metadata:
  labels:
    app.kubernetes.io/name: ${name}
spec:
${restartPolicy === undefined ? "" : `  restartPolicy: ${restartPolicy}\n`}  securityContext:
    runAsNonRoot: true
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: web
      image: registry.example.com/${name}:1.29.1
      args: ["--listen", "0.0.0.0:8080"]
      ports:
        - name: http
          containerPort: 8080
      env:
        - name: LOG_LEVEL
          value: info
      resources:
        requests:
          cpu: 50m
          memory: 64Mi
        limits:
          memory: 128Mi
      readinessProbe:
        httpGet:
          path: /healthz
          port: http
        periodSeconds: 10
      securityContext:
        allowPrivilegeEscalation: false
        capabilities:
          drop: ["ALL"]
`;
  return text.replaceAll(/^(?=.)/gm, " ".repeat(spaces));
}

function renderDeployment(name: string, namespace: string): string {
  return `${renderHead("apps/v1", "Deployment", name, namespace)}spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: ${name}
  template:
${renderPod(name, 4)}`;
}

function renderDaemonSet(name: string, namespace: string): string {
  return `${renderHead("apps/v1", "DaemonSet", name, namespace)}spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: ${name}
  template:
${renderPod(name, 4)}`;
}

function renderCronJob(name: string, namespace: string): string {
  return `${renderHead("batch/v1", "CronJob", name, namespace)}spec:
  schedule: "17 3 * * *"
  jobTemplate:
    spec:
      template:
${renderPod(name, 8, "OnFailure")}`;
}

function renderService(name: string, namespace: string): string {
  return `${renderHead("v1", "Service", name, namespace)}spec:
  selector:
    app.kubernetes.io/name: ${name}
  ports:
    - name: http
      port: 80
      targetPort: http
`;
}

function renderServiceAccount(name: string, namespace: string): string {
  return `${renderHead("v1", "ServiceAccount", name, namespace)}automountServiceAccountToken: false
`;
}

function renderConfigMap(name: string, namespace: string): string {
  return `${renderHead("v1", "ConfigMap", name, namespace)}data:
  LOG_FORMAT: json
  settings.yaml: |
    server:
      host: 0.0.0.0
      port: 8080
    features:
      - search
      - export
`;
}

function renderIngress(name: string, namespace: string): string {
  return `${renderHead("networking.k8s.io/v1", "Ingress", name, namespace)}spec:
  rules:
    - host: ${name}.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: ${name}
                port:
                  name: http
`;
}

function renderNetworkPolicy(name: string, namespace: string): string {
  return `${renderHead("networking.k8s.io/v1", "NetworkPolicy", name, namespace)}spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: ${name}
  policyTypes: ["Ingress"]
  ingress:
    - from:
        - podSelector: {}
`;
}
