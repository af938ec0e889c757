/**
 * Nobody at the desk: pages stop asking by themselves, so that a session ends when its person has left and not
 * when the browser is closed. Any touch of mouse or keys lets them go on.
 */
import { focusManager } from "@tanstack/react-query";
import { useEffect } from "react";

const IDLE_MS = 10 * 60_000;
const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel"] as const;

export function useIdlePause(): void {
  useEffect(() => {
    let timer = 0;
    let paused = false;
    const sign = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => {
        paused = true;
        focusManager.setFocused(false);
      }, IDLE_MS);
      if (paused) {
        paused = false;
        focusManager.setFocused(undefined);
      }
    };
    sign();
    for (const name of SIGNS) window.addEventListener(name, sign, { passive: true });
    return () => {
      window.clearTimeout(timer);
      for (const name of SIGNS) window.removeEventListener(name, sign);
    };
  }, []);
}
