using KdRobust.Cli.Local;

namespace KdRobust.Cli.Tests.Local;

public sealed class NativeBuildTests : IDisposable
{
    readonly string _root = Directory.CreateTempSubdirectory("kdr-native-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void The_folder_a_build_worked_in_is_not_the_build()
    {
        // CMake leaves the library in its own folder too, and may touch it last.
        Make("1.13.0", "");
        Make(".build-1.13.0-cuda_no", "1.13.0 no /usr");
        var build = NativeBuild.Find(new LocalFolders(_root)).ShouldNotBeNull();
        build.Libtorch.ShouldBe("1.13.0");
        build.Cuda.ShouldBe(false);
        build.LibtorchPath.ShouldBe("/usr");
    }

    [Fact]
    public void Without_a_build_there_is_none() => NativeBuild.Find(new LocalFolders(_root)).ShouldBeNull();

    void Make(string folder, string note)
    {
        var path = Directory.CreateDirectory(Path.Combine(_root, "artifacts", "native", folder)).FullName;
        File.WriteAllText(Path.Combine(path, "libkdr_torch.so"), "");
        if (note.Length > 0) File.WriteAllText(Path.Combine(path, "libtorch.txt"), note);
    }
}
