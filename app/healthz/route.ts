export * from "@/app/operations";
