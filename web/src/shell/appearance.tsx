/** Light and dark: as the system says, unless the person chose. */
import { FluentProvider, webDarkTheme, webLightTheme } from "@fluentui/react-components";
import { createContext, useContext, useEffect, useMemo, useSyncExternalStore } from "react";
import type { ReactNode } from "react";
import { usePreference } from "../parts/preference";

type Choice = "system" | "light" | "dark";
const system = window.matchMedia("(prefers-color-scheme: dark)");

interface AppearanceState {
  choice: Choice;
  dark: boolean;
  choose: (choice: Choice) => void;
}
const Context = createContext<AppearanceState | undefined>(undefined);

export function useAppearance(): AppearanceState {
  const state = useContext(Context);
  if (state === undefined) throw new Error("useAppearance outside of Appearance");
  return state;
}

function subscribe(changed: () => void): () => void {
  system.addEventListener("change", changed);
  return () => system.removeEventListener("change", changed);
}

export function Appearance({ children }: { children: ReactNode }) {
  const systemDark = useSyncExternalStore(subscribe, () => system.matches);
  const [choice, choose] = usePreference<Choice>("appearance", "system");
  const dark = choice === "system" ? systemDark : choice === "dark";
  useEffect(() => {
    document.documentElement.dataset["appearance"] = dark ? "dark" : "light";
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  }, [dark]);
  const state = useMemo(
    () => ({
      choice,
      dark,
      choose,
    }),
    [choice, dark, choose],
  );
  return (
    <Context.Provider value={state}>
      <FluentProvider theme={dark ? webDarkTheme : webLightTheme} style={{ height: "100%" }}>
        {children}
      </FluentProvider>
    </Context.Provider>
  );
}
