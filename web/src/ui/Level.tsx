import { named, useI18n } from "../i18n";

/** Levels, worst first. */
export const levels = ["critical", "high", "medium", "low", "informational"] as const;

/** The rank of a level, 0 the worst; an unknown one is last. */
export function rank(level: string | undefined): number {
  const at = levels.findIndex((each) => each === level);
  return at < 0 ? levels.length : at;
}

/** A level as a coloured label: the word says it, the colour repeats it. */
export function Level({ value }: { value: string | undefined }) {
  const { t } = useI18n();
  const level = value ?? "unknown";
  return <span className={`level level-${level}`}>{named(t, "level", level)}</span>;
}
