import { useI18n } from "../i18n";
import { ago, clock, localTime, parseTime, utcTime } from "./format";
import { useNow } from "./useNow";

interface Props {
  value: string | undefined;
  /** full: date and time; clock: time of day; ago: how long ago. */
  as?: "full" | "clock" | "ago";
  /** With clock: a time of another day than this one is shown by its day. */
  day?: string | undefined;
}

/** A time in the local zone; UTC on hover. */
export function Time({ value, as = "full", day }: Props) {
  const { t } = useI18n();
  const date = parseTime(value);
  if (!date) return <span className="muted">–</span>;
  const utc = t("time.utc", { utc: utcTime(date) });
  return (
    <time dateTime={date.toISOString()} title={as !== "full" ? `${localTime(date)}\n${utc}` : utc}>
      {as === "ago" ? <Ago date={date} /> : as === "clock" ? clockOn(date, parseTime(day)) : localTime(date)}
    </time>
  );
}

/** The time of day, or on another day only that day: the hour would mislead. */
function clockOn(date: Date, day: Date | undefined): string {
  if (!day || date.toDateString() === day.toDateString()) return clock(date);
  return localTime(date).slice(0, -" 00:00:00".length);
}

function Ago({ date }: { date: Date }) {
  const { t } = useI18n();
  return ago(date, useNow(), t);
}
