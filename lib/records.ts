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

/** The static records of a zone, as Git has them, with addresses instead of hosts. */
export interface RecordList {
  zone: string;
  records: NewRecord[];
}

/** A host that records can point to. */
export interface RecordTarget {
  name: string;
  publicIp: string;
}

/** That static records of one host are to point to another one. */
export interface Redirection {
  from: RecordTarget;
  to: RecordTarget;
  /** As they were declared, with the address of `from`. */
  records: NewRecord[];
}

/**
 * The static records: the list in the operator's clone, and what tofu makes of it. Every method may throw
 * CONFIG_*, and DNS_* and INVENTORY_* for a list that is wrong.
 */
export interface StaticRecords {
  /** Where the list is, as a person would write it. */
  file: string;
  load(): Promise<RecordList>;
  /**
   * Sees that tofu's plan for the redirected list would change the `open` ones of its records, and nothing
   * else. Throws TOFU_*.
   */
  review(redirection: Redirection, open: readonly NewRecord[]): Promise<void>;
  /** The same, and has exactly that plan carried out. Throws TOFU_*. */
  apply(redirection: Redirection, open: readonly NewRecord[]): Promise<void>;
  /** Writes the redirection into the list; again, it changes nothing. */
  declare(redirection: Redirection): Promise<void>;
}
