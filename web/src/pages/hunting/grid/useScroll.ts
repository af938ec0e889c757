/**
 * Which rows are in sight, for as many rows as there are: browsers have no elements of more than some ten million
 * pixels, so past that a pixel of the scroll bar is more than a pixel of rows.
 */
import { useCallback, useEffect, useState } from "react";
import type { RefObject } from "react";

const MOST_PIXELS = 8_000_000;
const OVERSCAN = 6;

export interface Scroll {
  /** Of the element that scrolls. */
  height: number;
  first: number;
  last: number;
  /** Pixels from the top of the scrolled element to a row. */
  topOf: (row: number) => number;
  /** Rows that are in sight at once. */
  page: number;
  reveal: (row: number) => void;
}

export function useScroll(
  place: RefObject<HTMLDivElement | null>,
  count: number,
  rowHeight: number,
  headHeight: number,
): Scroll {
  const [top, setTop] = useState(0);
  const [view, setView] = useState(400);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const scrolled = () => setTop(element.scrollTop);
    const observer = new ResizeObserver(() => setView(element.clientHeight));
    observer.observe(element);
    element.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", scrolled);
    };
  }, [place]);

  const sight = Math.max(rowHeight, view - headHeight);
  const real = count * rowHeight;
  const height = Math.min(real, MOST_PIXELS);
  const ratio = real > height ? (real - sight) / (height - sight) : 1;
  const realTop = Math.max(0, Math.min(top * ratio, real - sight));
  const first = Math.max(0, Math.floor(realTop / rowHeight) - OVERSCAN);
  const last = Math.min(count, Math.ceil((realTop + sight) / rowHeight) + OVERSCAN);
  const reveal = useCallback(
    (row: number) => {
      const element = place.current;
      if (element === null) return;
      const at = row * rowHeight;
      const now = element.scrollTop * ratio;
      if (at < now) element.scrollTop = at / ratio;
      else if (at + rowHeight > now + sight) element.scrollTop = (at + rowHeight - sight) / ratio;
    },
    [place, rowHeight, ratio, sight],
  );
  return {
    height,
    first,
    last,
    topOf: (row) => row * rowHeight - realTop + Math.min(top, Math.max(0, height - sight)),
    page: Math.max(1, Math.floor(sight / rowHeight) - 1),
    reveal,
  };
}
