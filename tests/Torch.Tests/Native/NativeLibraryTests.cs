using KdRobust.Support;
using KdRobust.Torch.Interop;

namespace KdRobust.Torch.Tests.Native;

/// <summary>A native library that is missing or does not fit: one clear error that says what to do.</summary>
public sealed class NativeLibraryTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("kdr-native-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [DeviceFact(NeedsDotnet = true)]
    public async Task The_one_that_is_there_works()
    {
        var run = await ChildProgram.Run("add");
        run.ExitCode.ShouldBe(0, run.Text);
        run.Output.Trim().ShouldBe("4");
    }

    [DeviceFact(NeedsDotnet = true)]
    public async Task A_missing_one_is_named_with_what_to_do()
    {
        var message = await FailureWith(Path.Combine(folder, "nothing", "libkdr_torch.so"));
        message.ShouldContain(Path.Combine(folder, "nothing"));
        message.ShouldContain("KDR_TORCH_NATIVE");
    }

    [DeviceFact(NeedsDotnet = true)]
    public async Task A_file_that_is_no_library_is_named()
    {
        var file = Path.Combine(folder, "libkdr_torch.so");
        await File.WriteAllTextAsync(file, "not a library");
        var message = await FailureWith(file);
        message.ShouldContain(file);
        message.ShouldContain("does not load");
    }

    [DeviceFact(NeedsDotnet = true)]
    public async Task Another_library_is_told_from_ours()
    {
        var other = Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "libSystem.Native.so");
        var message = await FailureWith(other);
        message.ShouldContain(other);
        message.ShouldContain("kt_abi_version");
    }

    [CompilerFact]
    public async Task A_library_of_another_binding_version_says_both_numbers()
    {
        var source = Path.Combine(folder, "old.c");
        await File.WriteAllTextAsync(source, "int kt_abi_version(void) { return 999; }");
        var file = Path.Combine(folder, "libkdr_torch.so");
        var made = await ChildProcess.Run(CompilerFactAttribute.Compiler!, ["-shared", "-fPIC", "-o", file, source]);
        made.ExitCode.ShouldBe(0, made.Text);
        var message = await FailureWith(file);
        message.ShouldContain("999");
        message.ShouldContain(Interop.Native.AbiVersion.ToString(System.Globalization.CultureInfo.InvariantCulture));
        message.ShouldContain("build.sh");
    }

    [DeviceTheory]
    [InlineData("1.13.1", "1.13.0", true)]
    [InlineData("2.10.0", "2.10.0", true)]
    [InlineData("1.13.1", "2.6.0", false)]
    [InlineData("2.1.0", "2.10.0", false)]
    public void Another_minor_version_of_libtorch_is_refused(string built, string loaded, bool fits)
    {
        if (fits)
        {
            NativeLibraryLoader.CheckLibtorch(built, loaded, "libkdr_torch.so");
            return;
        }
        var error = Should.Throw<NativeLibraryException>(() => NativeLibraryLoader.CheckLibtorch(built, loaded, "libkdr_torch.so"));
        error.Message.ShouldContain(built);
        error.Message.ShouldContain(loaded);
    }

    /// <summary>The first line of what a program prints that dies of it.</summary>
    static async Task<string> FailureWith(string library)
    {
        var run = await ChildProgram.Run("add", new Dictionary<string, string?> { ["KDR_TORCH_NATIVE"] = library, ["DOTNET_DbgEnableMiniDump"] = "0" });
        run.ExitCode.ShouldNotBe(0);
        var line = run.Error.Split('\n')[0];
        line.ShouldContain(nameof(NativeLibraryException), Case.Sensitive, run.Error);
        line.ShouldNotContain(nameof(TypeInitializationException), Case.Sensitive, run.Error);
        return line;
    }
}

/// <summary>A test that compiles a few lines of C; skipped where there is no compiler.</summary>
[AttributeUsage(AttributeTargets.Method)]
sealed class CompilerFactAttribute : DeviceFactAttribute
{
    internal static string? Compiler { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').SelectMany(folder => new[] { Path.Combine(folder, "cc"), Path.Combine(folder, "c++") }).FirstOrDefault(File.Exists);

    public CompilerFactAttribute()
        : base(Compiler is null ? "no C compiler: install g++" : null) => NeedsDotnet = true;
}
