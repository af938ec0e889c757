import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider, createBrowserRouter } from "react-router-dom";
import { ApiError } from "./api/client";
import { SessionProvider } from "./session/session";
import { App } from "./shell/App";
import { Appearance } from "./shell/appearance";
import { Toasts } from "./parts/Toasts";
import "./main.css";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What the server refuses is refused again; only what did not arrive is worth another try.
      retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status < 500),
    },
  },
});

// After an upgrade the old page's parts are gone from the server: the new page has its own.
window.addEventListener("vite:preloadError", (event) => {
  const now = Date.now();
  const before = Number(sessionStorage.getItem("vedette.reloaded") ?? 0);
  if (now - before < 60_000) return;
  event.preventDefault();
  sessionStorage.setItem("vedette.reloaded", String(now));
  window.location.reload();
});

// Pages are chosen in App; a router that has routes of its own can hold back who would lose what was typed.
const router = createBrowserRouter(
  [
    {
      path: "*",
      element: (
        <Toasts>
          <SessionProvider>
            <App />
          </SessionProvider>
        </Toasts>
      ),
    },
  ],
  { basename: "/portal", future: { v7_relativeSplatPath: true } },
);

const root = document.getElementById("root");
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <Appearance>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} future={{ v7_startTransition: true }} />
        </QueryClientProvider>
      </Appearance>
    </StrictMode>,
  );
