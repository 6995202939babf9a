# A worker on processors, with Debian's libtorch.  docker build -f deploy/worker.Dockerfile -t kdrobust-worker .
ARG DOTNET_SDK=10.0.401
ARG DOTNET_RUNTIME=10.0.12
ARG DEBIAN=12.11-slim

# The binding's native part, against the libtorch that the last stage installs.
FROM debian:${DEBIAN} AS native
RUN apt-get update \
 && apt-get install -y --no-install-recommends cmake g++ make libtorch-dev libopenblas0-pthread \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY src/Torch/native src/Torch/native
RUN bash src/Torch/native/build.sh /native

FROM mcr.microsoft.com/dotnet/sdk:${DOTNET_SDK}-noble AS build
WORKDIR /source
COPY Directory.Build.props Directory.Packages.props global.json .editorconfig BannedSymbols.txt ./
COPY src/Domain/Domain.csproj src/Domain/packages.lock.json src/Domain/
COPY src/Torch/Torch.csproj src/Torch/packages.lock.json src/Torch/
COPY src/Learning/Learning.csproj src/Learning/packages.lock.json src/Learning/
COPY src/Persistence/Persistence.csproj src/Persistence/packages.lock.json src/Persistence/
COPY src/Queue/Queue.csproj src/Queue/packages.lock.json src/Queue/
COPY src/Telemetry/Telemetry.csproj src/Telemetry/packages.lock.json src/Telemetry/
COPY src/Worker/Worker.csproj src/Worker/packages.lock.json src/Worker/
RUN dotnet restore src/Worker/Worker.csproj --locked-mode
COPY src/Domain src/Domain
COPY src/Torch src/Torch
COPY src/Learning src/Learning
COPY src/Persistence src/Persistence
COPY src/Queue src/Queue
COPY src/Telemetry src/Telemetry
COPY src/Worker src/Worker
RUN dotnet publish src/Worker/Worker.csproj --configuration Release --no-restore --output /app

# The runtime is the portable one: it runs on Debian as it does on Ubuntu.
FROM mcr.microsoft.com/dotnet/aspnet:${DOTNET_RUNTIME}-noble AS dotnet

FROM debian:${DEBIAN}
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libssl3 libtorch1.13 libopenblas0-pthread \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10001 kdrobust \
 && useradd --system --uid 10001 --gid kdrobust --home-dir /var/lib/kdrobust --shell /usr/sbin/nologin kdrobust \
 && install -d -o kdrobust -g kdrobust -m 0700 /var/lib/kdrobust
COPY --from=dotnet /usr/share/dotnet /usr/share/dotnet
COPY --from=native /native /opt/kdrobust/native
WORKDIR /app
COPY --from=build /app ./
USER 10001:10001
ENV PATH=/usr/share/dotnet:$PATH \
    DOTNET_EnableDiagnostics=0 \
    KDR_TORCH_NATIVE=/opt/kdrobust/native/libkdr_torch.so
VOLUME /var/lib/kdrobust
ENTRYPOINT ["dotnet", "KdRobust.Worker.dll"]
CMD ["serve", "--scratch", "/var/lib/kdrobust/scratch"]
STOPSIGNAL SIGTERM
# The supervisor touches this file whenever the database has heard of it, every ten seconds.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
  CMD ["bash", "-c", "test -n \"$(find /var/lib/kdrobust/scratch/alive -newermt '-60 seconds')\""]
