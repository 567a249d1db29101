import { describe, expect, it } from "vitest";
import { format, type Translate } from "../i18n/text";
import { ago, base, bytes, clock, count, localTime, parseTime, utcTime, zone } from "./format";

const t: Translate = (key, params) => format("en", key, params);

describe("times", () => {
  const date = new Date(2026, 0, 2, 3, 4, 5, 678);

  it("are local, with the year only where it is another", () => {
    expect(localTime(date, new Date(2026, 6, 1))).toBe("01-02 03:04:05");
    expect(localTime(date, new Date(2027, 6, 1))).toBe("2026-01-02 03:04:05");
    expect(clock(date)).toBe("03:04:05");
  });

  it("are given in UTC to the millisecond", () => {
    expect(utcTime(new Date("2026-01-02T03:04:05.678Z"))).toBe("2026-01-02 03:04:05.678");
    expect(zone(date)).toMatch(/^UTC[+−]\d\d:\d\d$/);
  });

  it("tell how long ago", () => {
    const at = (seconds: number) => ago(date, new Date(date.getTime() + seconds * 1000), t);
    expect([at(-3), at(4), at(59), at(60), at(3599), at(3600), at(90_000)]).toEqual([
      "just now", "just now", "59 s ago", "1 min ago", "59 min ago", "1 h ago", "1 d ago",
    ]);
  });

  it("are missing where Go wrote its zero time or nonsense came", () => {
    expect(parseTime("0001-01-01T00:00:00Z")).toBeUndefined();
    expect(parseTime(undefined)).toBeUndefined();
    expect(parseTime("yesterday")).toBeUndefined();
    expect(parseTime("2026-01-02T03:04:05.123456789Z")?.getTime()).toBe(Date.UTC(2026, 0, 2, 3, 4, 5, 123));
  });
});

describe("figures", () => {
  it("are in units one can compare", () => {
    expect([bytes(0), bytes(1023), bytes(1024), bytes(12 << 20), bytes(3 * 2 ** 40)]).toEqual(["0 B", "1023 B", "1.0 KiB", "12.0 MiB", "3.0 TiB"]);
    expect(count(1234567)).toBe("1,234,567");
  });
});

describe("base", () => {
  it("is the last part of a path", () => {
    expect([base("/usr/bin/curl"), base("curl"), base("/")]).toEqual(["curl", "curl", "/"]);
  });
});
