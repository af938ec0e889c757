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
    path: "/account",
    title: "Your account",
    component: lazy(() => import("../pages/account/Account")),
  },
  {
    path: "/",
    title: "Overview",
    group: "Operations",
    right: "incidents/read",
    component: lazy(() => import("../pages/overview/Overview")),
  },
  {
    path: "/incidents",
    title: "Incidents",
    group: "Investigation & response",
    right: "incidents/read",
    component: lazy(() => import("../pages/incidents/Incidents")),
  },
  {
    path: "/incidents/:id",
    title: "Incident",
    right: "incidents/read",
    component: lazy(() => import("../pages/incident/Incident")),
  },
  {
    path: "/incidents/:id/report",
    title: "Report",
    right: "incidents/read",
    component: lazy(() => import("../pages/incident/Report")),
  },
  {
    path: "/hunting",
    title: "Advanced hunting",
    group: "Investigation & response",
    right: "query/read",
    component: lazy(() => import("../pages/hunting/Hunting")),
  },
];
