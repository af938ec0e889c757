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
  {
    path: "/rules",
    title: "Analytics",
    group: "Configuration",
    right: "rules/read",
    component: lazy(() => import("../pages/rules/Rules")),
  },
  {
    path: "/rules/new",
    title: "Create an analytics rule",
    component: lazy(() => import("../pages/rules/wizard/Wizard")),
  },
  {
    path: "/rules/:id/edit",
    title: "Edit an analytics rule",
    component: lazy(() => import("../pages/rules/wizard/Wizard")),
  },
  {
    path: "/rules/:id",
    title: "Analytics rule",
    right: "rules/read",
    component: lazy(() => import("../pages/rules/RulePage")),
  },
  {
    path: "/entities",
    title: "Entities",
    group: "Investigation & response",
    right: "incidents/read",
    component: lazy(() => import("../pages/entities/Entities")),
  },
  {
    path: "/entities/:kind/:id",
    title: "Entity",
    right: "incidents/read",
    component: lazy(() => import("../pages/entities/EntityPage")),
  },
  {
    path: "/tables",
    title: "Tables",
    group: "Configuration",
    right: "tables/read",
    component: lazy(() => import("../pages/data/Tables")),
  },
  {
    path: "/tables/:name",
    title: "Table",
    right: "tables/read",
    component: lazy(() => import("../pages/data/TablePage")),
  },
  {
    path: "/sources",
    title: "Data sources",
    group: "Configuration",
    right: "tables/read",
    component: lazy(() => import("../pages/data/Sources")),
  },
  {
    path: "/data-collection-rules",
    title: "Data collection rules",
    group: "Configuration",
    right: "tables/read",
    component: lazy(() => import("../pages/data/Dcrs")),
  },
  {
    path: "/data-collection-rules/new",
    title: "New data collection rule",
    right: "tables/write",
    component: lazy(() => import("../pages/data/DcrEditor")),
  },
  {
    path: "/data-collection-rules/:name",
    title: "Data collection rule",
    right: "tables/read",
    component: lazy(() => import("../pages/data/DcrEditor")),
  },
  {
    path: "/watchlists",
    title: "Watchlists",
    group: "Configuration",
    right: "watchlists/read",
    component: lazy(() => import("../pages/data/Watchlists")),
  },
  {
    path: "/watchlists/:alias",
    title: "Watchlist",
    right: "watchlists/read",
    component: lazy(() => import("../pages/data/WatchlistPage")),
  },
  {
    path: "/jobs",
    title: "Jobs",
    group: "Configuration",
    right: "tables/read",
    component: lazy(() => import("../pages/data/jobs/Jobs")),
  },
  {
    path: "/jobs/new",
    title: "New job",
    component: lazy(() => import("../pages/data/jobs/NewJob")),
  },
  {
    path: "/jobs/kql/:name",
    title: "KQL job",
    right: "tables/read",
    component: lazy(() => import("../pages/data/jobs/KqlJobPage")),
  },
  {
    path: "/jobs/summary/:name",
    title: "Summary rule",
    right: "tables/read",
    component: lazy(() => import("../pages/data/jobs/SummaryPage")),
  },
  {
    path: "/settings",
    title: "Settings",
    group: "System",
    component: lazy(() => import("../pages/settings/Settings")),
  },
];
