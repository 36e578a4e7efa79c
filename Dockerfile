# One image for all functions. The argument of a container names the one that it runs: /app/job-started.mjs.
#
# Nothing is built on an image that somebody could change: each is named by its digest, which you look up where you trust
# it to come from, for example with `docker buildx imagetools inspect NAME:TAG`. docs/knative.md shows the whole command.

# Node 24 with npm and a shell, to build with: node:24-slim
ARG NODE_IMAGE
# Node 24 and nothing else, to run on: gcr.io/distroless/nodejs24-debian12
ARG RUNTIME_IMAGE
# The compiler of policies, linked statically: openpolicyagent/opa, a tag that ends in -static
ARG OPA_IMAGE

FROM ${OPA_IMAGE} AS opa

FROM ${NODE_IMAGE} AS build
ARG NODE_IMAGE
ARG RUNTIME_IMAGE
ARG OPA_IMAGE
RUN for image in "$NODE_IMAGE" "$RUNTIME_IMAGE" "$OPA_IMAGE"; do \
      echo "$image" | grep -Eq '@sha256:[0-9a-f]{64}$' || { echo "$image must end in @sha256: and a digest" >&2; exit 1; }; \
    done
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY infra/build/ infra/build/
COPY functions/ functions/
COPY shared/ shared/
# Not measured: a cold start is the business of the machine that tests it.
RUN npm run build -- --unmeasured

# No npm, no shell, no sources: Node, the bundles, and the compiler.
FROM ${RUNTIME_IMAGE}
COPY --from=opa --chmod=555 /opa /usr/local/bin/opa
COPY --from=build /src/dist/knative/ /app/
COPY infra/knative/func/start.mjs /app/start.mjs
ENV NODE_ENV=production
# A number, because Kubernetes cannot tell from a name that it is not root.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/nodejs/bin/node"]
# Without an argument: the function that the Knative Service is named for.
CMD ["/app/start.mjs"]
