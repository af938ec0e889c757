import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router-dom";
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

const root = document.getElementById("root");
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <Appearance>
        <QueryClientProvider client={queries}>
          <BrowserRouter basename="/portal">
            <Toasts>
              <SessionProvider>
                <App />
              </SessionProvider>
            </Toasts>
          </BrowserRouter>
        </QueryClientProvider>
      </Appearance>
    </StrictMode>,
  );
