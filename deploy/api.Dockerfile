# The API. Built from the top of the checkout:  docker build -f deploy/api.Dockerfile -t kdrobust-api .
# It never loads libtorch, so nothing of it is in here.
ARG DOTNET_SDK=10.0.401
ARG DOTNET_RUNTIME=10.0.12
ARG NODE=22.20.0

# The live page: static files, which publishing takes along.
FROM node:${NODE}-bookworm-slim AS page
WORKDIR /source/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY web ./
RUN npm run build

FROM mcr.microsoft.com/dotnet/sdk:${DOTNET_SDK}-noble AS build
WORKDIR /source
COPY Directory.Build.props Directory.Packages.props global.json .editorconfig BannedSymbols.txt ./
# Project and lock files first: packages are fetched anew only when these change.
COPY src/Domain/Domain.csproj src/Domain/packages.lock.json src/Domain/
COPY src/Persistence/Persistence.csproj src/Persistence/packages.lock.json src/Persistence/
COPY src/Queue/Queue.csproj src/Queue/packages.lock.json src/Queue/
COPY src/Telemetry/Telemetry.csproj src/Telemetry/packages.lock.json src/Telemetry/
COPY src/Api/Api.csproj src/Api/packages.lock.json src/Api/
RUN dotnet restore src/Api/Api.csproj --locked-mode
COPY src/Domain src/Domain
COPY src/Persistence src/Persistence
COPY src/Queue src/Queue
COPY src/Telemetry src/Telemetry
COPY src/Api src/Api
COPY --from=page /source/artifacts/web artifacts/web
RUN dotnet publish src/Api/Api.csproj --configuration Release --no-restore --output /app

FROM mcr.microsoft.com/dotnet/aspnet:${DOTNET_RUNTIME}-noble
# State and nothing else: the first admin key and the log files.
RUN groupadd --system --gid 10001 kdrobust \
 && useradd --system --uid 10001 --gid kdrobust --home-dir /var/lib/kdrobust --shell /usr/sbin/nologin kdrobust \
 && install -d -o kdrobust -g kdrobust -m 0700 /var/lib/kdrobust
WORKDIR /app
COPY --from=build /app ./
USER 10001:10001
ENV DOTNET_EnableDiagnostics=0
VOLUME /var/lib/kdrobust
EXPOSE 5080
# Inside a network of containers; docker-compose.yml publishes the port on loopback only. TLS belongs in front of it.
ENTRYPOINT ["dotnet", "KdRobust.Api.dll"]
CMD ["--listen", "0.0.0.0:5080", "--allow-remote", "--key-file", "/var/lib/kdrobust/key", "--log-folder", "/var/lib/kdrobust/logs"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/5080 && printf 'GET /readyz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && grep -q ' 200 ' <&3"]
