import type { FileRule } from "../rule.ts";

export const file: FileRule = {
  id: "file",
  codes: [
    "FILE_UNREADABLE",
    "FILE_TOO_LARGE",
    "FILE_BINARY",
    "FILE_ENCODING",
    "FILE_TOO_DEEP",
    "FILE_MISTAKES_MANY",
  ],
  scope: "file",
  summary: "a file is a text in UTF-8 that can be read",
  why: "What cannot be read cannot be judged, and kubectl and Argo CD would stop at it too. Files of more than 4 MiB are not read, links to folders are not followed. Of each rule, the first 100 findings in a file are told.",
  example: { bad: "# a file in UTF-16, as some editors of Windows write it", good: "# UTF-8" },
};
