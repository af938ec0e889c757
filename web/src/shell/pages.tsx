/** The portal's pages: one row each. A page's code is loaded when it is opened. */
import { lazy } from "react";
import type { ComponentType, LazyExoticComponent } from "react";

export interface Page {
  /** Below /portal, as react-router takes it. */
  path: string;
  title: string;
  /** In the navigation; without it the page is reached by links only. */
  group?: string;
  /** One of the rights without which the server would refuse everything on the page. */
  right?: string;
  component: LazyExoticComponent<ComponentType>;
}

export const pages: Page[] = [
  {
    path: "/",
    title: "Overview",
    group: "Operations",
    right: "incidents/read",
    component: lazy(() => import("../pages/overview/Overview")),
  },
];
