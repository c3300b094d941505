"""The lint rules, one file each, and their code table. Imports neither torch nor sympy."""

from __future__ import annotations

from convsym.rules.attention_shapes import AttentionShapes
from convsym.rules.batch_too_small import BatchTooSmall
from convsym.rules.bias_before_batch_norm import BiasBeforeBatchNorm
from convsym.rules.bias_length import BiasLength
from convsym.rules.border_never_read import BorderNeverRead
from convsym.rules.broadcast_mismatch import BroadcastMismatch
from convsym.rules.broken_plugin import BrokenPlugin
from convsym.rules.channels_never_mixed import ChannelsNeverMixed
from convsym.rules.checkerboard_pattern import CheckerboardPattern
from convsym.rules.concatenation_mismatch import ConcatenationMismatch
from convsym.rules.conv_input_channels import ConvInputChannels
from convsym.rules.conv_transpose_input_channels import ConvTransposeInputChannels
from convsym.rules.dead_branch import DeadBranch
from convsym.rules.dtype_mismatch import DtypeMismatch
from convsym.rules.empty_output import EmptyOutput
from convsym.rules.failing_constructor import FailingConstructor
from convsym.rules.failing_forward import FailingForward
from convsym.rules.failing_import import FailingImport
from convsym.rules.forward_refuses_size import ForwardRefusesSize
from convsym.rules.impossible_reshape import ImpossibleReshape
from convsym.rules.index_out_of_range import IndexOutOfRange
from convsym.rules.indivisible_groups import IndivisibleGroups
from convsym.rules.invalid_argument import InvalidArgument
from convsym.rules.invalid_resampling import InvalidResampling
from convsym.rules.invalid_window import InvalidWindow
from convsym.rules.kernel_larger_than_input import KernelLargerThanInput
from convsym.rules.layer_never_called import LayerNeverCalled
from convsym.rules.layers_in_plain_list import LayersInPlainList
from convsym.rules.linear_input_features import LinearInputFeatures
from convsym.rules.loss_shapes import LossShapes
from convsym.rules.many_elements_as_one import ManyElementsAsOne
from convsym.rules.matrix_product_mismatch import MatrixProductMismatch
from convsym.rules.mismatched_sizes import MismatchedSizes
from convsym.rules.missing_arguments import MissingArguments
from convsym.rules.no_such_axis import NoSuchAxis
from convsym.rules.no_such_model import NoSuchModel
from convsym.rules.norm_features_mismatch import NormFeaturesMismatch
from convsym.rules.norm_over_one_value import NormOverOneValue
from convsym.rules.output_padding_too_large import OutputPaddingTooLarge
from convsym.rules.padding_too_large import PaddingTooLarge
from convsym.rules.recurrent_state_mismatch import RecurrentStateMismatch
from convsym.rules.redundant_activation import RedundantActivation
from convsym.rules.rule import Rule
from convsym.rules.size_too_small import SizeTooSmall
from convsym.rules.small_receptive_field import SmallReceptiveField
from convsym.rules.softmax_over_batch import SoftmaxOverBatch
from convsym.rules.stopped_check import StoppedCheck
from convsym.rules.stride_skips_pixels import StrideSkipsPixels
from convsym.rules.strided_same_padding import StridedSamePadding
from convsym.rules.syntax_error import SyntaxError
from convsym.rules.too_many_flops import TooManyFlops
from convsym.rules.too_many_parameters import TooManyParameters
from convsym.rules.too_much_memory import TooMuchMemory
from convsym.rules.uneven_split import UnevenSplit
from convsym.rules.unknown_input import UnknownInput
from convsym.rules.unpool_indices import UnpoolIndices
from convsym.rules.unreachable_output_size import UnreachableOutputSize
from convsym.rules.unsupported_operation import UnsupportedOperation
from convsym.rules.unusable_input import UnusableInput
from convsym.rules.unused_ignore import UnusedIgnore
from convsym.rules.view_of_permuted_memory import ViewOfPermutedMemory
from convsym.rules.wrong_rank import WrongRank

# Codes are never used again for something else.
RULES: tuple[type[Rule], ...] = (
    SyntaxError,  # CS001
    FailingImport,  # CS002
    NoSuchModel,  # CS003
    MissingArguments,  # CS004
    FailingConstructor,  # CS005
    FailingForward,  # CS006
    UnsupportedOperation,  # CS007
    UnusableInput,  # CS008
    UnknownInput,  # CS009
    BrokenPlugin,  # CS010
    StoppedCheck,  # CS011
    UnusedIgnore,  # CS012
    ConvInputChannels,  # CS101
    ConvTransposeInputChannels,  # CS102
    IndivisibleGroups,  # CS103
    OutputPaddingTooLarge,  # CS104
    KernelLargerThanInput,  # CS105
    EmptyOutput,  # CS106
    LinearInputFeatures,  # CS107
    NormFeaturesMismatch,  # CS108
    NormOverOneValue,  # CS109
    ConcatenationMismatch,  # CS110
    BroadcastMismatch,  # CS111
    ImpossibleReshape,  # CS112
    WrongRank,  # CS113
    MatrixProductMismatch,  # CS114
    PaddingTooLarge,  # CS115
    UnreachableOutputSize,  # CS116
    StridedSamePadding,  # CS117
    UnevenSplit,  # CS118
    IndexOutOfRange,  # CS119
    InvalidWindow,  # CS120
    BiasLength,  # CS121
    UnpoolIndices,  # CS122
    ViewOfPermutedMemory,  # CS123
    NoSuchAxis,  # CS124
    DtypeMismatch,  # CS125
    AttentionShapes,  # CS126
    InvalidArgument,  # CS127
    LossShapes,  # CS128
    ManyElementsAsOne,  # CS129
    InvalidResampling,  # CS130
    RecurrentStateMismatch,  # CS131
    MismatchedSizes,  # CS201
    SizeTooSmall,  # CS202
    BatchTooSmall,  # CS203
    ForwardRefusesSize,  # CS204
    BiasBeforeBatchNorm,  # CS301
    CheckerboardPattern,  # CS302
    StrideSkipsPixels,  # CS303
    BorderNeverRead,  # CS304
    LayerNeverCalled,  # CS305
    LayersInPlainList,  # CS306
    DeadBranch,  # CS307
    ChannelsNeverMixed,  # CS308
    SoftmaxOverBatch,  # CS309
    RedundantActivation,  # CS310
    SmallReceptiveField,  # CS311
    TooManyFlops,  # CS401
    TooManyParameters,  # CS402
    TooMuchMemory,  # CS403
)

__all__ = ["RULES", "Rule"]
