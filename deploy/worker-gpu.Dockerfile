# A worker on an NVIDIA GPU: PyTorch's wheel brings libtorch with CUDA's libraries, the host brings the driver (NVIDIA container toolkit).
#   docker build -f deploy/worker-gpu.Dockerfile -t kdrobust-worker-gpu .
ARG DOTNET_SDK=10.0.401
ARG DOTNET_RUNTIME=10.0.12
ARG CUDA=12.6.3
ARG TORCH=2.7.1

# The toolkit's headers are needed once, to compile the binding.
FROM nvidia/cuda:${CUDA}-devel-ubuntu24.04 AS native
ARG TORCH
RUN apt-get update \
 && apt-get install -y --no-install-recommends cmake g++ make python3-venv \
 && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/torch \
 && /opt/torch/bin/pip install --no-cache-dir --index-url https://download.pytorch.org/whl/cu126 "torch==${TORCH}"
WORKDIR /source
COPY src/Torch/native src/Torch/native
RUN LIBTORCH=$(echo /opt/torch/lib/python3*/site-packages/torch) bash src/Torch/native/build.sh /native

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

FROM mcr.microsoft.com/dotnet/aspnet:${DOTNET_RUNTIME}-noble AS dotnet

FROM nvidia/cuda:${CUDA}-base-ubuntu24.04
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libgomp1 libssl3t64 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10001 kdrobust \
 && useradd --system --uid 10001 --gid kdrobust --home-dir /var/lib/kdrobust --shell /usr/sbin/nologin kdrobust \
 && install -d -o kdrobust -g kdrobust -m 0700 /var/lib/kdrobust
COPY --from=dotnet /usr/share/dotnet /usr/share/dotnet
# At the same path: the wheel's libraries find each other, and the binding finds them, by where they lie.
COPY --from=native /opt/torch/lib /opt/torch/lib
COPY --from=native /native /opt/kdrobust/native
WORKDIR /app
COPY --from=build /app ./
USER 10001:10001
ENV PATH=/usr/share/dotnet:$PATH \
    DOTNET_EnableDiagnostics=0 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    KDR_TORCH_NATIVE=/opt/kdrobust/native/libkdr_torch.so
VOLUME /var/lib/kdrobust
ENTRYPOINT ["dotnet", "KdRobust.Worker.dll"]
CMD ["serve", "--device", "cuda", "--scratch", "/var/lib/kdrobust/scratch"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s --retries=4 \
  CMD ["bash", "-c", "test -n \"$(find /var/lib/kdrobust/scratch/alive -newermt '-60 seconds')\""]
