FROM node:22-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.js scripts/
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:22-slim
COPY package.json /app/
COPY bin /app/bin
COPY page /app/page
COPY --from=build /build/node_modules /app/node_modules
COPY --from=build /build/dist /app/dist
RUN mkdir /state && chown node:node /state && ln -s /app/bin/pulse-upload.js /usr/local/bin/pulse-upload
ENV NODE_ENV=production PULSE_UPLOAD_STATE_DIR=/state
VOLUME /state
WORKDIR /work
USER node
ENTRYPOINT ["node", "/app/bin/pulse-upload.js"]
CMD ["--help"]
