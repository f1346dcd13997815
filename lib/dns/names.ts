/** A DNS name in the one spelling that can be compared: small letters, no dot at the end. */
export function normalizeName(name: string): string {
  return name.trim().toLowerCase().replace(/\.$/, "");
}

/** Whether a name is a zone's own, or lies in it. */
export function isInZone(name: string, zone: string): boolean {
  const [one, other] = [normalizeName(name), normalizeName(zone)];
  return one === other || one.endsWith(`.${other}`);
}
