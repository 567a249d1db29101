import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { en } from "./en";
import { format, named, preferred, type Translate } from "./text";
import { zh } from "./zh";

const placeholders = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]))].sort();
const t: Translate = (key, params) => format("en", key, params);

describe("dictionaries", () => {
  it("have the same keys, none of them empty", () => {
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
    for (const text of [...Object.values(en), ...Object.values(zh)]) expect(text.trim()).not.toBe("");
  });

  it("fill in the same placeholders", () => {
    const differing = Object.entries(en).filter(
      ([key, text]) => placeholders(text).join() !== placeholders(zh[key as keyof typeof en]).join(),
    );
    expect(differing).toEqual([]);
  });

  it("are Chinese where they should be", () => {
    const same = Object.entries(en).filter(([key, text]) => zh[key as keyof typeof en] === text).map(([key]) => key);
    // Names and figures that both languages write alike.
    expect(same).toEqual(["time.utc", "hosts.more", "tree.pid", "evidence.hash", "class.dns"]);
  });

  it("have no key that nothing uses", () => {
    const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
      .filter((name) => /\.tsx?$/.test(name) && !/i18n|test/.test(name))
      .map((name) => readFileSync(join("src", name), "utf8"))
      .join("\n");
    const used = (key: string) => {
      const prefix = key.slice(0, key.lastIndexOf("."));
      return [`"${key}"`, `\`${prefix}.\${`, `t, "${prefix}"`].some((form) => sources.includes(form));
    };
    expect(Object.keys(en).filter((key) => !used(key))).toEqual([]);
  });
});

describe("format", () => {
  it("picks the plural by n", () => {
    expect(t("incidents.held", { n: 1 })).toBe("1 new incident — show");
    expect(t("incidents.held", { n: 2 })).toBe("2 new incidents — show");
    expect(format("zh", "incidents.held", { n: 2 })).toBe("2 个新事件，点击显示");
  });

  it("leaves a placeholder without value visible", () => {
    expect(t("time.utc")).toBe("{utc} UTC");
  });
});

describe("named", () => {
  it("translates what it knows and passes on what it does not", () => {
    expect(named(t, "level", "high")).toBe("High");
    expect(named(t, "tactic", "brand-new-tactic")).toBe("brand-new-tactic");
  });
});

describe("preferred", () => {
  it("follows the browser's order", () => {
    expect(preferred(["fr", "zh-Hans-CN", "en"])).toBe("zh");
    expect(preferred(["en-GB", "zh"])).toBe("en");
    expect(preferred(["fr"])).toBe("en");
  });
});
