import { parseImage } from "../../manifests/images.ts";
import { getText } from "../../manifests/manifest.ts";
import { findPodTemplate, listContainers, podKinds } from "../../manifests/pods.ts";
import type { ObjectRule } from "../rule.ts";

export const imageUnpinned: ObjectRule = {
  id: "image-unpinned",
  codes: ["IMAGE_UNPINNED"],
  scope: "object",
  summary: "an image has a tag that stays, or a digest",
  why: "Without a tag, or with the tag `latest`, the same manifest starts another program on the next host: after a failover of all times.",
  example: { bad: "image: postgres", good: "image: postgres:17.2" },
  kinds: podKinds,
  find(manifest) {
    const pod = findPodTemplate(manifest);
    if (pod === undefined) return [];
    return listContainers(pod).flatMap(({ at, fields }) => {
      const image = getText(fields, "image");
      if (image === undefined) return [];
      const { tag, digest } = parseImage(image) ?? {};
      if (digest !== undefined || (tag !== undefined && tag !== "latest")) return [];
      return [
        {
          at: [...at, "image"],
          part: "value" as const,
          message:
            tag === undefined ? `the image "${image}" has no tag` : `the image "${image}" moves`,
          fix: "Write the version that is meant behind the name, or its digest",
        },
      ];
    });
  },
};
