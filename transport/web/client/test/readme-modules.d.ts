// What the README's examples import of others, as far as they use it: their types are too
// much to install for that. The Next.js app of the end-to-end tests has the real ones.

declare module "next-auth" {
  export interface DefaultSession {
    user?: { name?: string | null; email?: string | null; id?: string };
    expires: string;
  }
  export interface Session extends DefaultSession {}
  interface Token {
    sub?: string;
    [claim: string]: unknown;
  }
  interface Cookie {
    name: string;
    options: {
      domain?: string;
      path?: string;
      httpOnly?: boolean;
      sameSite?: "lax" | "strict" | "none";
      secure?: boolean;
    };
  }
  export interface NextAuthConfig {
    providers: unknown[];
    session?: { strategy: "jwt" | "database" };
    callbacks?: {
      jwt?: (given: { token: Token; account?: { providerAccountId: string } | null }) => Token;
      session?: (given: { session: Session; token: Token }) => Session;
    };
    cookies?: { sessionToken?: Partial<Cookie> };
  }
  export default function NextAuth(config: NextAuthConfig): {
    handlers: { GET: (request: Request) => Promise<Response>; POST: (request: Request) => Promise<Response> };
    auth: () => Promise<Session | null>;
    signIn: (provider?: string) => Promise<never>;
    signOut: (options?: { redirectTo?: string; redirect?: boolean }) => Promise<never>;
  };
}

declare module "next-auth/providers/github" {
  const provider: unknown;
  export default provider;
}

declare module "next/server" {
  export function after(task: Promise<unknown> | (() => unknown)): void;
}

declare module "next/navigation" {
  export function useRouter(): { refresh: () => void };
}

declare module "@tanstack/react-query" {
  export function useQueryClient(): {
    setQueryData: <T>(
      key: readonly unknown[],
      update: (before: T | undefined) => T | undefined,
    ) => T | undefined;
    invalidateQueries: (filters: { queryKey: readonly unknown[] }) => Promise<void>;
  };
}

declare module "sonner" {
  type Show = (message: string, options?: { description?: string }) => string | number;
  export const toast: Show & { info: Show; success: Show; warning: Show; error: Show };
}
