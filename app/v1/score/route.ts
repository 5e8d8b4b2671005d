export * from "@/app/gateway";
