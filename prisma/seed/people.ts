import type { Role } from "@/lib/auth/member";

export type Person = {
  name: string;
  email: string;
  role: Role;
  /** Days before today. */
  joined: number;
  /** Days before today; null: still here. */
  left: number | null;
};

const person = (name: string, role: Role, joined: number, left: number | null = null): Person => ({
  name,
  email: `${name.toLowerCase().replaceAll(" ", ".")}@example.com`,
  role,
  joined,
  left,
});

/** The twelve of a small company that shares a pod. The first is the owner. */
export const PEOPLE: readonly Person[] = [
  person("Maya Gurung", "OWNER", 210),
  person("Jonas Weber", "ADMIN", 205),
  person("Priya Raman", "MEMBER", 200),
  person("Tomas Novak", "MEMBER", 190),
  person("Aiko Tanaka", "MEMBER", 170),
  person("Samuel Okafor", "MEMBER", 150),
  person("Elena Petrova", "ADMIN", 140),
  person("Luca Moretti", "MEMBER", 120),
  person("Hannah Lindgren", "MEMBER", 95),
  person("Diego Alvarez", "MEMBER", 60),
  person("Nora Haddad", "MEMBER", 30),
  person("Peter Clarke", "MEMBER", 180, 21),
];
