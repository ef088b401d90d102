# Serves runs and bundles. Not run where bitrow is developed (docs/serving.md, "Deployment").
#   docker build -t bitrow . && docker run -p 8080:8080 -v $PWD/models/ctr:/models/ctr:ro bitrow ctr=/models/ctr
FROM node:20-bookworm-slim AS build
WORKDIR /bitrow
# .npmrc keeps dependencies from running scripts when they are installed.
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /bitrow
COPY --from=build /bitrow/package.json ./
COPY --from=build /bitrow/node_modules ./node_modules
COPY --from=build /bitrow/dist/src ./dist/src
COPY --from=build /bitrow/dist/wasm ./dist/wasm
USER node
EXPOSE 8080
# Node.js is the first process: SIGTERM reaches it, and it drains.
ENTRYPOINT ["node", "dist/src/cli/main.js", "serve", "--host", "0.0.0.0"]
CMD ["--help"]
