"use client";

import { Gate } from "./_ui/gate";
import { Trouble } from "./_ui/trouble";
import "./globals.css";

/** When not even the frame of the page could be made: it brings its own, without fonts of its own. */
export default function GlobalError(props: { error: unknown; retry: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>Podpass</title>
        <Gate title={<span className="visually-hidden">Something went wrong</span>} roomy>
          <Trouble {...props} />
        </Gate>
      </body>
    </html>
  );
}
