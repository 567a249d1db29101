import { Button, Slider } from "antd";
import { useI18n } from "../i18n";
import { clock, localTime } from "../ui/format";
import type { Link } from "./links";
import { gaps, moments, within, type Window } from "./window";

interface Props {
  links: readonly Link[];
  window: Window | undefined;
  /** No window shows all. */
  onWindow: (window: Window | undefined) => void;
}

/** How long, coarse. */
function span(ms: number): string {
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 86_400_000 ? `${(ms / 3_600_000).toFixed(1)} h` : `${(ms / 86_400_000).toFixed(1)} d`;
}

/**
 * A window in time, from one moment at which something happened to another.
 * Moments stand at equal distances, because an intrusion is seconds of haste
 * between hours of silence; where long passes, it says so.
 */
export function Brush({ links, window, onWindow }: Props) {
  const { t } = useI18n();
  const times = moments(links);
  const last = times.length - 1;
  const first = times[0];
  const end = times[last];
  if (first === undefined || end === undefined || last < 1) return null;
  const at = window
    ? [Math.max(times.findIndex((time) => time >= window[0]), 0), Math.max(times.findLastIndex((time) => time <= window[1]), 0)]
    : [0, last];
  const from = new Date(window?.[0] ?? first);
  const to = new Date(window?.[1] ?? end);
  const place = (index: number) => `${((100 * index) / last).toFixed(2)}%`;
  const change = ([low = 0, high = last]: number[]) => {
    onWindow(low === 0 && high === last ? undefined : [times[low] ?? first, times[high] ?? end]);
  };
  return (
    <div className="brush">
      <span className="brush-title">{t("prov.window")}</span>
      <div className="brush-track">
        <div className="brush-ticks" aria-hidden="true">
          {times.map((time, index) => {
            const busy = links.filter((link) => within(link, [time, time])).length;
            return <i key={time} style={{ left: place(index), height: `${Math.min(25 + busy * 15, 100)}%` }} />;
          })}
          {gaps(times).map((gap) => (
            <span key={gap.after} style={{ left: place(gap.after + 0.5) }}>{span(gap.length)}</span>
          ))}
        </div>
        <Slider
          range
          min={0}
          max={last}
          value={at}
          onChange={change}
          tooltip={{ formatter: (index) => (index === undefined ? "" : clock(new Date(times[index] ?? first))) }}
          ariaLabelForHandle={[t("prov.window.from"), t("prov.window.to")]}
        />
      </div>
      <span className="brush-span figures" role="status">{localTime(from)} – {clock(to)}</span>
      <Button size="small" disabled={!window} onClick={() => { onWindow(undefined); }}>{t("prov.window.all")}</Button>
    </div>
  );
}
