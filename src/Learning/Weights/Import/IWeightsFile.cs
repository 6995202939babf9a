using static TorchSharp.torch;

namespace KdRobust.Learning.Weights.Import;

/// <summary>A file of named tensors that was made elsewhere, in whatever format.</summary>
internal interface IWeightsFile : IDisposable
{
    /// <summary>The file, for messages.</summary>
    string Path { get; }

    /// <summary>Format and place of the state dict in it, e.g. <c>PyTorch legacy file, state_dict</c>.</summary>
    string Source { get; }

    /// <summary>Its tensors in the file's order; names are unique.</summary>
    IReadOnlyList<FileTensor> Tensors { get; }

    /// <summary>What lies among its tensors and is none, name and description.</summary>
    IReadOnlyList<(string Name, string What)> Others { get; }

    /// <summary>The tensor of that name in host memory, C-contiguous and of the file's element type, in the current dispose scope.</summary>
    /// <exception cref="Domain.Runs.RunInputException">The file is not what it says.</exception>
    Tensor Load(string name);
}

/// <summary>A tensor of a file.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Type">Type of its elements there.</param>
/// <param name="Shape">Sizes.</param>
internal sealed record FileTensor(string Name, ElementType Type, IReadOnlyList<long> Shape);
