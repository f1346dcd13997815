import t from "tap";
import { checkAsker, checkMachine, type Machine } from "../../lab/requirements.ts";

const paths = { state: "/home/me/.local/state/infra-k3s/lab" };

const machine: Machine = {
  platform: "linux",
  architecture: "x64",
  userId: 0,
  cgroupMode: "v1",
  hasSystemd: true,
  isInsideLab: false,
  otherState: undefined,
  kernelFaults: {},
  stateFilesystem: 0xef53,
};

t.test("a fit machine is taken, with either kind of cgroups and processor", async (t) => {
  for (const cgroupMode of ["v1", "v2"] as const) {
    for (const architecture of ["x64", "arm64"]) {
      checkMachine({ ...machine, cgroupMode, architecture }, paths);
    }
  }
  t.pass();
});

const refused: [code: string, change: Partial<Machine>][] = [
  ["LAB_PLATFORM_UNFIT", { platform: "darwin", userId: 501, cgroupMode: undefined }],
  ["LAB_ARCHITECTURE_UNFIT", { architecture: "riscv64" }],
  ["LAB_NOT_ROOT", { userId: 1000, cgroupMode: undefined }],
  ["LAB_INSIDE", { isInsideLab: true }],
  ["LAB_ELSEWHERE", { otherState: "/srv/state/infra-k3s/lab" }],
  ["LAB_CGROUPS_UNKNOWN", { cgroupMode: undefined }],
  ["LAB_CGROUPS_UNKNOWN", { cgroupMode: "v2", hasSystemd: false }],
  ["LAB_KERNEL_UNFIT", { kernelFaults: { overlay: "unknown filesystem type" } }],
  ["LAB_FOLDER_UNFIT", { stateFilesystem: 0x794c7630 }],
];

for (const [code, change] of refused) {
  t.test(`${code} is one clear message`, async (t) => {
    t.throws(() => checkMachine({ ...machine, ...change }, paths), {
      code,
      exitCode: 2,
      message: /^[^\n]+$/,
      why: /./,
      fix: /./,
    });
  });
}

t.test("what takes the lab down does not ask what only a new lab needs", async (t) => {
  checkAsker({ ...machine, userId: 0 }, paths);
  t.throws(() => checkAsker({ ...machine, userId: 1000 }, paths), { code: "LAB_NOT_ROOT" });
});

t.test("the folder of the other lab is the one to be exported", async (t) => {
  const other = { ...machine, otherState: "/srv/state/infra-k3s/lab" };
  t.throws(() => checkAsker(other, paths), {
    code: "LAB_ELSEWHERE",
    fix: /XDG_STATE_HOME=\/srv\/state$/,
  });
});
