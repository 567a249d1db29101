import { ConfigProvider, theme, type ThemeConfig } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { useI18n } from "../i18n";

type Mode = "light" | "dark";
const stored = "baize.theme";
const Context = createContext<{ mode: Mode; toggle: () => void }>({ mode: "light", toggle: () => undefined });

/** Light or dark, and the way to change it. */
export function useMode() {
  return useContext(Context);
}

function initial(): Mode {
  const saved = localStorage.getItem(stored);
  if (saved === "light" || saved === "dark") return saved;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

const fonts = getComputedStyle(document.documentElement);

function config(mode: Mode): ThemeConfig {
  return {
    algorithm: mode === "dark" ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: {
      colorPrimary: mode === "dark" ? "#2ba6b8" : "#0b7285",
      fontFamily: fonts.getPropertyValue("--font"),
      fontFamilyCode: fonts.getPropertyValue("--mono"),
      fontSize: 13,
      controlHeight: 30,
      borderRadius: 5,
      motion: false,
      ...(mode === "dark" ? { colorBgBase: "#0f1519", colorBgContainer: "#151d22" } : {}),
    },
    components: { Table: { cellPaddingBlockSM: 6, cellPaddingInlineSM: 8, cellFontSizeSM: 13 } },
  };
}

/** The nonce that the content security policy of this page admits styles with. */
const nonce = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";

/** Gives Ant Design our colours, language and nonce. */
export function ThemeProvider({ children }: { children: ReactNode }) {
  const { language } = useI18n();
  const [mode, setMode] = useState(initial);
  useEffect(() => { document.documentElement.dataset.theme = mode; }, [mode]);
  const value = useMemo(
    () => ({
      mode,
      toggle: () => {
        const next = mode === "dark" ? "light" : "dark";
        localStorage.setItem(stored, next);
        setMode(next);
      },
    }),
    [mode],
  );
  const themed = useMemo(() => config(mode), [mode]);
  return (
    <Context value={value}>
      <ConfigProvider
        theme={themed}
        locale={language === "zh" ? zhCN : enUS}
        csp={{ nonce }}
        button={{ autoInsertSpace: false }}
      >
        {children}
      </ConfigProvider>
    </Context>
  );
}
