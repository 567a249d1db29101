import { useI18n } from "../i18n";
import { ago, clock, localTime, parseTime, utcTime } from "./format";
import { useNow } from "./useNow";

interface Props {
  value: string | undefined;
  /** full: date and time; clock: time of day; ago: how long ago. */
  as?: "full" | "clock" | "ago";
}

/** A time in the local zone; UTC on hover. */
export function Time({ value, as = "full" }: Props) {
  const { t } = useI18n();
  const date = parseTime(value);
  if (!date) return <span className="muted">–</span>;
  const utc = t("time.utc", { utc: utcTime(date) });
  return (
    <time dateTime={date.toISOString()} title={as === "ago" ? `${localTime(date)}\n${utc}` : utc}>
      {as === "ago" ? <Ago date={date} /> : as === "clock" ? clock(date) : localTime(date)}
    </time>
  );
}

function Ago({ date }: { date: Date }) {
  const { t } = useI18n();
  return ago(date, useNow(), t);
}
