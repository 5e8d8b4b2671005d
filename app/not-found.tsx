import type { Metadata } from "next";
import { ButtonLink } from "./_ui/button-link";
import { Gate } from "./_ui/gate";

export const metadata: Metadata = { title: "Not found" };

export default function NotFound() {
  return (
    <Gate title="There is no such page." lead="It may have moved, or the address was cut off on its way to you.">
      <ButtonLink href="/keys" wide>
        Go to your keys
      </ButtonLink>
    </Gate>
  );
}
