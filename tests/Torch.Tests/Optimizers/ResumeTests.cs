using KdRobust.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim.lr_scheduler;

namespace KdRobust.Torch.Tests.Optimizers;

/// <summary>Training that is stopped, stored and resumed ends with the same bits as training that was not.</summary>
public sealed class ResumeTests : IDisposable
{
    private const int Steps = 12, Stop = 5;
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly string file = Path.Combine(Path.GetTempPath(), $"kdr-resume-{Guid.NewGuid():N}.dat");

    public ResumeTests() => set_num_threads(1);

    public void Dispose()
    {
        scope.Dispose();
        File.Delete(file);
    }

    public static TheoryData<string, string> Combinations()
    {
        var data = new TheoryData<string, string>();
        foreach (var optimizer in (string[])["sgd", "nesterov", "adam", "amsgrad", "adamw"])
        {
            foreach (var schedule in (string[])["none", "step", "multistep", "cosine", "lambda", "onecycle"])
                data.Add(optimizer, schedule);
        }
        return data;
    }

    [DeviceTheory]
    [MemberData(nameof(Combinations))]
    public void A_resumed_run_ends_bit_equal(string optimizer, string schedule)
    {
        using var whole = new Run(optimizer, schedule);
        whole.Train(0, Steps);

        using var first = new Run(optimizer, schedule);
        first.Train(0, Stop);
        var weights = Copies(first.Network.state_dict());
        var state = Copies(first.Optimizer.CaptureState());
        var position = first.Schedule?.CaptureState();

        using var second = new Run(optimizer, schedule);
        second.Network.load_state_dict(weights);
        second.Optimizer.RestoreState(state);
        if (position is not null)
            second.Schedule!.RestoreState(position);
        second.Train(Stop, Steps);

        SameBits(second.Network.state_dict(), whole.Network.state_dict());
        SameBits(second.Optimizer.CaptureState(), whole.Optimizer.CaptureState());
        second.Rates.ShouldBe(whole.Rates[Stop..]);
    }

    [DeviceTheory]
    [InlineData("nesterov")]
    [InlineData("amsgrad")]
    public void TorchSharps_optimizer_file_carries_the_whole_state(string optimizer)
    {
        using var whole = new Run(optimizer, "none");
        whole.Train(0, Steps);
        using var first = new Run(optimizer, "none");
        first.Train(0, Stop);
        first.Optimizer.save_state_dict(file);
        using var second = new Run(optimizer, "none");
        second.Network.load_state_dict(Copies(first.Network.state_dict()));
        second.Optimizer.load_state_dict(file);
        second.Train(Stop, Steps);
        SameBits(second.Network.state_dict(), whole.Network.state_dict());
    }

    [DeviceFact]
    public void A_torn_or_foreign_optimizer_file_is_refused()
    {
        using var adam = new Run("adam", "none");
        adam.Train(0, 1);
        adam.Optimizer.save_state_dict(file);
        using var sgd = new Run("sgd", "none");
        Should.Throw<InvalidDataException>(() => sgd.Optimizer.load_state_dict(file)).Message.ShouldContain("Adam");
        var bytes = File.ReadAllBytes(file);
        File.WriteAllBytes(file, bytes[..(bytes.Length / 2)]);
        Should.Throw<InvalidDataException>(() => adam.Optimizer.load_state_dict(file));
    }

    [DeviceFact]
    public void A_state_that_does_not_fit_lists_every_difference_and_changes_nothing()
    {
        using var run = new Run("adam", "none");
        run.Train(0, 2);
        var before = Copies(run.Optimizer.CaptureState());
        var state = Copies(before);
        state.Remove("state.0.exp_avg");
        state["state.1.exp_avg_sq"] = ones([7]);
        state["state.99.step"] = ones([]);
        state["param_groups.0.lr"] = full([], 0.5, ScalarType.Float64);
        var message = Should.Throw<InvalidOperationException>(() => run.Optimizer.RestoreState(state)).Message;
        message.ShouldContain("missing 'state.0.exp_avg'");
        message.ShouldContain("shape of 'state.1.exp_avg_sq'");
        message.ShouldContain("[7]");
        message.ShouldContain("unexpected 'state.99.step'");
        SameBits(run.Optimizer.CaptureState(), before);
    }

    [DeviceFact]
    public void Groups_train_at_their_own_rate()
    {
        var slow = new Parameter(ones([1]));
        var fast = new Parameter(ones([1]));
        using var optimizer = optim.Adam([new Adam.ParamGroup([slow], new Adam.Options { LearningRate = 0.001 }), new Adam.ParamGroup([fast], new Adam.Options())], lr: 0.1);
        slow.grad = ones([1]);
        fast.grad = ones([1]);
        optimizer.step();
        (1 - slow.item<float>()).ShouldBe(0.001f, 1e-6);
        (1 - fast.item<float>()).ShouldBe(0.1f, 1e-5);
    }

    [DeviceFact]
    public void One_cycle_takes_a_highest_rate_for_each_group()
    {
        using var run = new Run("adam", "none");
        var weights = run.Network.parameters().ToList();
        using var optimizer = optim.Adam([new Adam.ParamGroup(weights[..1], lr: 1), new Adam.ParamGroup(weights[1..], lr: 1)]);
        var schedule = OneCycleLR(optimizer, [0.1, 0.001], total_steps: 10);
        var highest = new double[2];
        for (var i = 0; i < 10; i++)
        {
            var rates = schedule.get_last_lr().ToArray();
            rates[1].ShouldBe(rates[0] / 100, 1e-12);
            highest = [Math.Max(highest[0], rates[0]), Math.Max(highest[1], rates[1])];
            schedule.step();
        }
        highest.ShouldBe([0.1, 0.001]);
        Should.Throw<ArgumentException>(() => OneCycleLR(optimizer, [0.1], total_steps: 10)).Message.ShouldContain("2");
    }

    [DeviceFact]
    public void A_cycle_ends_with_its_last_step()
    {
        using var run = new Run("sgd", "none");
        var schedule = OneCycleLR(run.Optimizer, 0.1, total_steps: 3);
        for (var i = 0; i < 3; i++)
            schedule.step();
        Should.Throw<InvalidOperationException>(schedule.step).Message.ShouldContain("3 steps");
    }

    [DeviceFact]
    public void A_parameter_belongs_to_one_group_only()
    {
        var parameter = new Parameter(ones([3]));
        using var optimizer = optim.SGD([parameter], 0.1);
        Should.Throw<ArgumentException>(() => optimizer.add_param_group(new SGD.ParamGroup([parameter]))).Message.ShouldContain("[3]");
        Should.Throw<ArgumentException>(() => optimizer.add_param_group(new Adam.ParamGroup([new Parameter(ones([1]))])));
        Should.Throw<ArgumentException>(() => optim.SGD(Array.Empty<Parameter>(), 0.1));
    }

    [DeviceFact]
    public void Parameters_without_a_gradient_are_left_alone()
    {
        var parameter = new Parameter(ones([2]));
        using var optimizer = optim.Adam([parameter], 0.1, weight_decay: 1);
        optimizer.step();
        parameter.cpu().data<float>().ToArray().ShouldBe([1f, 1f]);
        ((Adam.State)optimizer.state_dict().State[0]).step.ShouldBe(0);
    }

    private static Dictionary<string, Tensor> Copies(Dictionary<string, Tensor> tensors) =>
        tensors.ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());

    private static void SameBits(Dictionary<string, Tensor> actual, Dictionary<string, Tensor> expected)
    {
        actual.Keys.ShouldBe(expected.Keys);
        foreach (var (key, tensor) in actual)
            tensor.detach().contiguous().cpu().bytes.SequenceEqual(expected[key].detach().contiguous().cpu().bytes).ShouldBeTrue(key);
    }

    private sealed class Run : IDisposable
    {
        private readonly DisposeScope scope = NewDisposeScope();
        private readonly Tensor x, y;

        public Run(string optimizer, string schedule)
        {
            manual_seed(5);
            Network = nn.Sequential(("a", nn.Linear(6, 8)), ("relu", nn.ReLU()), ("b", nn.Linear(8, 3)));
            x = rand([Steps, 4, 6]);
            y = randint(0, 3, [Steps, 4]);
            var parameters = Network.parameters();
            Optimizer = optimizer switch
            {
                "sgd" => optim.SGD(parameters, 0.1),
                "nesterov" => optim.SGD(parameters, 0.1, momentum: 0.9, weight_decay: 1e-3, nesterov: true),
                "adam" => optim.Adam(parameters, 0.01, weight_decay: 1e-3),
                "amsgrad" => optim.Adam(parameters, 0.01, amsgrad: true),
                _ => optim.AdamW(parameters, 0.01, weight_decay: 0.1),
            };
            Schedule = schedule switch
            {
                "step" => StepLR(Optimizer, 2, 0.5),
                "multistep" => MultiStepLR(Optimizer, [3, 7], 0.1),
                "cosine" => CosineAnnealingLR(Optimizer, 8, 1e-4),
                "lambda" => LambdaLR(Optimizer, epoch => 1.0 / (1 + epoch)),
                "onecycle" => OneCycleLR(Optimizer, 0.2, total_steps: Steps),
                _ => null,
            };
        }

        public Sequential Network { get; }

        public OptimizerHelper Optimizer { get; }

        public LRScheduler? Schedule { get; }

        public List<double> Rates { get; } = [];

        public void Train(int from, int to)
        {
            for (var i = from; i < to; i++)
            {
                using var inner = NewDisposeScope();
                Optimizer.zero_grad();
                nn.functional.cross_entropy(Network.call(x.select(0, i)), y.select(0, i)).backward();
                Optimizer.step();
                Schedule?.step();
                Rates.Add(Optimizer.ParamGroups.First().LearningRate);
            }
        }

        public void Dispose()
        {
            Optimizer.Dispose();
            Network.Dispose();
            scope.Dispose();
        }
    }
}
