import type { Exception, Proposal } from "../api/types";

/** An exception as its editor holds it. */
export interface Draft {
  rules: string[];
  hosts: string[];
  selection: string;
  reason: string;
  days: number;
  /** The proposal that it accepts, whose scope stays as it is. */
  proposal?: string;
}

/** The longest life of an exception, in days, as the server has it. */
export const maxDays = 90;

/** A draft for some rules, or for none yet. */
export const draftFor = (rules: string[]): Draft => ({ rules, hosts: [], selection: "", reason: "", days: 30 });

/** A draft that accepts a proposal. */
export const draftOf = (proposal: Proposal): Draft => ({
  ...draftFor([proposal.rule.id ?? ""]),
  selection: proposal.selection,
  proposal: proposal.id,
});

/** What a draft covers, as the API takes it. */
export const scopeOf = ({ rules, hosts, selection }: Draft) => ({ rules, hosts, selection });

/** Why and for how long, as the API takes it. */
export const termsOf = ({ reason, days }: Draft) => ({ reason, life: `${days * 24}h` });

/** Whether a draft covers something, and not everything. */
export const hasScope = ({ rules, selection }: Draft) => rules.length > 0 || selection.trim() !== "";

/** Whether a draft can be put in force. */
export const isComplete = (draft: Draft) =>
  hasScope(draft) && draft.reason.trim() !== "" && Number.isInteger(draft.days) && draft.days >= 1 && draft.days <= maxDays;

const states = ["active", "expired", "removed"];

/** Those in force first, the newest first among equals. */
export function sortExceptions(list: readonly Exception[]): Exception[] {
  return [...list].sort((a, b) => states.indexOf(a.state) - states.indexOf(b.state) || b.created.localeCompare(a.created));
}
