/** A DNS record, whole. */
export interface NewRecord {
  /** Small letters, the zone's in it, no dot at the end. */
  name: string;
  /** A, CNAME, TXT, … */
  type: string;
  /** An address, a name or a text, as the type wants it. */
  content: string;
  /** How long a resolver keeps it; 1 leaves that to the provider. */
  ttlSeconds: number;
  /** Whether the provider answers in its place. */
  proxied: boolean;
  /** Of a mail server or service; the lowest goes first. */
  priority?: number;
}

/** A record as its provider has it. */
export interface ZoneRecord extends NewRecord {
  id: string;
}

/** Changes of a zone's records; what is deleted goes first. */
export interface RecordChanges {
  deletes: readonly ZoneRecord[];
  /** With the id of the record that is to be like this. */
  edits: readonly ZoneRecord[];
  creates: readonly NewRecord[];
}
