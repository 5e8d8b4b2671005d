"use server";

import { memberAction } from "@/lib/auth/member-action";
import { chooseTheme } from "@/lib/auth/profile";
import { themeSchema } from "@/lib/auth/schema";

export const themeAction = memberAction(themeSchema, chooseTheme);
