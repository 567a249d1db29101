import { useI18n } from "../i18n";

/** A risk score from 0 to 100 as a figure and a bar. */
export function Score({ value }: { value: number }) {
  const { t } = useI18n();
  const band = value >= 80 ? "critical" : value >= 60 ? "high" : value >= 40 ? "medium" : "low";
  return (
    <span className="score" title={t("incident.score", { n: value })}>
      <b>{value}</b>
      <progress className={`score-bar score-${band}`} value={value} max={100} aria-hidden="true" />
    </span>
  );
}
