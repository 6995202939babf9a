using KdRobust.Support;
using KdRobust.Torch.Tests.Fixtures;
using static TorchSharp.torch;

namespace KdRobust.Torch.Tests.Parity;

/// <summary>Every bound operation against PyTorch: values, gradients, random streams. One test per operation.</summary>
public sealed class OpParityTests
{
    // Another CPU type sums in another order and has other vector units: a few units in the last place.
    static readonly double Rounding = TestDevice.Tolerance(4e-6);

    static readonly Lazy<Task<FixtureFile>> Here = new(ComputeHere);

    static readonly HashSet<string> Drawing = [.. StreamCases.Table.Concat(LayerCases.Table).Select(entry => Operation(entry.Key)), "rand_like", "randn_like"];

    static IEnumerable<string> All => CaseTable.All.Names.Select(Operation).Distinct(StringComparer.Ordinal);

    static string Operation(string name) => name[..name.IndexOf('/', StringComparison.Ordinal)];

    public static TheoryData<string> Operations => [.. All];

    public static TheoryData<string> OperationsThatDraw => [.. All.Where(Drawing.Contains)];

    public static TheoryData<string> OperationsThatDrawNothing => [.. All.Where(operation => !Drawing.Contains(operation))];

    [DeviceTheory]
    [MemberData(nameof(OperationsThatDrawNothing))]
    public void Gives_the_values_of_PyTorch(string operation) => Compare(FixtureFile.Committed, operation, Rounding);

    [DeviceTheory(CpuOnly = "a GPU's generator gives other numbers from the same seed")]
    [MemberData(nameof(OperationsThatDraw))]
    public void Draws_the_numbers_of_PyTorch(string operation) => Compare(FixtureFile.Committed, operation, Rounding);

    [PythonTorchTheory(CpuOnly = "PyTorch computes on the CPU here")]
    [MemberData(nameof(Operations))]
    public async Task Gives_the_bits_of_PyTorch_on_this_machine(string operation) => Compare(await Here.Value, operation, tolerance: 0);

    [DeviceFact]
    public void Has_a_line_for_each_case_on_both_sides() =>
        CaseTable.All.Names.Order(StringComparer.Ordinal).ShouldBe(FixtureFile.Committed.Cases.Keys.Order(StringComparer.Ordinal));

    static void Compare(FixtureFile file, string operation, double tolerance)
    {
        var differences = new List<string>();
        foreach (var expected in file.Cases.Values.Where(expected => expected.Name.StartsWith(operation + "/", StringComparison.Ordinal)))
        {
            using var scope = NewDisposeScope();
            var inputs = expected.Inputs.Select(input => input.ToTensor()).ToArray();
            var outputs = CaseTable.All.Run(expected.Name, inputs);
            if (outputs.Length != expected.Outputs.Length)
                differences.Add($"{expected.Name}: {outputs.Length} outputs, PyTorch's are {expected.Outputs.Length}");
            else
                for (var i = 0; i < outputs.Length; i++)
                    Note($"output {i}", expected.Outputs[i].Difference(outputs[i], tolerance));

            if (expected.Upstream.Length > 0)
            {
                var smooth = outputs.Where(output => output.requires_grad).ToArray();
                var wanted = inputs.Where(input => input.requires_grad).ToArray();
                var gradients = autograd.grad(smooth, wanted, [.. expected.Upstream.Select(upstream => upstream.ToTensor())], allow_unused: true);
                for (var i = 0; i < gradients.Count; i++)
                    Note($"gradient {i}", (expected.Gradients[i], gradients[i]) switch
                    {
                        (null, null) => null,
                        (null, _) => "a gradient, PyTorch has none",
                        (_, null) => "no gradient, PyTorch has one",
                        (var theirs, var ours) => theirs.Difference(ours, tolerance),
                    });
            }

            void Note(string what, string? difference)
            {
                if (difference is not null)
                    differences.Add($"{expected.Name}, {what}: {difference}");
            }
        }
        differences.ShouldBeEmpty();
    }

    static async Task<FixtureFile> ComputeHere()
    {
        var path = Path.Combine(Path.GetTempPath(), $"kdr-fixtures-{Environment.ProcessId}.json");
        try
        {
            var made = await PythonTorch.Run(Path.Combine(AppContext.BaseDirectory, "Fixtures", "make_fixtures.py"), path);
            made.ExitCode.ShouldBe(0, made.Text);
            return FixtureFile.Open(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
