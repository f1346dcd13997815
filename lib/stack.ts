/** What a saved plan does to one resource, or to an output, as tofu shows it. */
export interface ResourceChange {
  /** `module.dns.cloudflare_dns_record.this["A www.example.com"]`; `output.zone` of an output. */
  address: string;
  /** Where it was, when the plan moves it. */
  previousAddress?: string;
  /** The id of what the plan takes over. */
  imported?: string;
  /** `cloudflare_dns_record` and the like; `output` of an output. */
  type: string;
  /** One of no-op, create, read, update, delete, forget; delete and create, in any order, replace it. */
  actions: readonly string[];
  /** Attributes by their names, those that are secret left out; undefined for what is not there. */
  before: Readonly<Record<string, unknown>> | undefined;
  after: Readonly<Record<string, unknown>> | undefined;
  /** Attributes that are known only once the plan has been carried out. */
  unknown: readonly string[];
}

/** A plan of tofu that can be carried out as it is. */
export interface StackPlan {
  /** The saved plan, encrypted, for this user alone; it is removed when the program ends by itself. */
  file: string;
  /** What it changes; empty when everything is as declared. */
  changes: readonly ResourceChange[];
}

/**
 * The records that tofu declares, changed by a reviewed plan. Throws TOFU_MISSING, TOFU_NOT_INITIALIZED,
 * TOFU_STATE_LOCKED, TOFU_STATE_KEY, TOFU_PLAN_STALE (the state is not the plan's any more), all with
 * nothing changed, and TOFU_FAILED, EXEC_TIMEOUT and EXEC_FAILED: some of a plan may be done.
 */
export interface Stack {
  /** Plans what the records file says; nothing is changed but the state's lock for its time. */
  plan(recordsFile: string): Promise<StackPlan>;
  /** Carries out exactly that plan. */
  apply(plan: StackPlan): Promise<void>;
}
