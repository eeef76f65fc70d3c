"""Every refusal of intake by its stable code, with the HTTP status and the Chinese sentence the caller reads."""

from chassis.errors import DomainError


class CaseNotFound(DomainError):
    """No such case, or the query code is wrong: the two look the same, so that a number reveals nothing (R13)."""

    code = "case_not_found"


class UnknownCommunity(DomainError):
    """The street has no community with this code."""

    code = "community_unknown"


class IllegalTransition(DomainError):
    """The state of the case does not allow this command; `legal` lists the commands it allows."""

    code = "illegal_transition"


class QrCodeNotFound(DomainError):
    """No such QR code."""

    code = "qr_code_not_found"


class TooManyLetters(DomainError):
    """One address has sent more letters than are allowed in an hour; `retry_after` is in seconds."""

    code = "too_many_letters"


class ChallengeNeeded(DomainError):
    """One address has sent many letters; the next needs a proof of work or must wait `retry_after` seconds."""

    code = "challenge_needed"


class TooManyWrongCodes(DomainError):
    """One address has given too many wrong query codes; `retry_after` is in seconds."""

    code = "too_many_wrong_codes"


class NumbersExhausted(DomainError):
    """A day's numbers are used up: half a million, or 20,000 for a day on which the database was restored."""

    code = "numbers_exhausted"


class NumbersUnsafe(DomainError):
    """The database was set back and `restored` has not been run yet: a number might be given out twice."""

    code = "numbers_unsafe"


class UnknownPurpose(DomainError):
    """Contacts are given out for known purposes only (PIPL art. 6)."""

    code = "unknown_purpose"


class TooManyCases(DomainError):
    """One request asks for the contacts of more cases than a reply may carry."""

    code = "too_many_cases"


class ReaderKeyMissing(DomainError):
    """No public key of the reader is configured, so contacts cannot be sealed and are not given out."""

    code = "reader_key_missing"


class UploadNotFound(DomainError):
    """No such upload, or the token is wrong: the two look the same."""

    code = "upload_not_found"


class WrongOffset(DomainError):
    """The piece does not start where the upload ends, which is at `offset`."""

    code = "wrong_offset"


class UploadTooLarge(DomainError):
    """A file or a piece of it is larger (`most`) or smaller (`least`) than allowed, in bytes."""

    code = "upload_too_large"


class UploadRefused(DomainError):
    """We do not accept this file; `reason` is one of media.Reason, `sentence` says it in Chinese."""

    code = "upload_refused"


class UploadUnfinished(DomainError):
    """A file named with a letter has not fully arrived, or no longer exists."""

    code = "upload_unfinished"


class TooManyFiles(DomainError):
    """More files than a letter, a supplement, a work log entry or a case may have."""

    code = "too_many_files"


class TooManyUploads(DomainError):
    """One sender has begun more uploads, or left more unbound bytes here, than allowed; `retry_after` is in seconds."""

    code = "too_many_uploads"


class MediaNotFound(DomainError):
    """No such file, or not one the caller may see."""

    code = "media_not_found"


STATUSES = {
    UploadNotFound.code: 404,
    WrongOffset.code: 409,
    UploadTooLarge.code: 413,
    UploadRefused.code: 415,
    UploadUnfinished.code: 422,
    TooManyFiles.code: 422,
    TooManyUploads.code: 429,
    MediaNotFound.code: 404,
    CaseNotFound.code: 404,
    UnknownCommunity.code: 422,
    QrCodeNotFound.code: 404,
    IllegalTransition.code: 409,
    TooManyLetters.code: 429,
    ChallengeNeeded.code: 429,
    TooManyWrongCodes.code: 429,
    NumbersExhausted.code: 503,
    NumbersUnsafe.code: 503,
}

SENTENCES = {
    UploadNotFound.code: "没有找到这次上传，请重新选择文件。",
    WrongOffset.code: "上传的位置不对，请从已收到的位置继续。",
    UploadTooLarge.code: "文件过大，或分片大小不合要求。",
    UploadRefused.code: "{sentence}",
    UploadUnfinished.code: "有文件还没有传完或已失效，请等待上传完成，或移除后重新选择。",
    TooManyFiles.code: "文件过多：一次最多{photos}张照片、{videos}个视频。",
    TooManyUploads.code: "上传得太频繁了，请稍后再试。",
    MediaNotFound.code: "没有找到这个文件。",
    CaseNotFound.code: "没有找到这件诉求，请核对编号和查询码。",
    UnknownCommunity.code: "没有这个社区。",
    QrCodeNotFound.code: "没有这个二维码。",
    IllegalTransition.code: "诉求当前的状态不能这样操作。",
    TooManyLetters.code: "您提交得太频繁了，请稍后再试。紧急情况请直接拨打110、119或120。",
    ChallengeNeeded.code: "这个网络近来寄出的信较多，请用网页提交或稍后再试。紧急情况请直接拨打110、119或120。",
    TooManyWrongCodes.code: "查询码输错次数过多，请稍后再试。",
    NumbersExhausted.code: "今日编号已用完，请稍后再试。",
    NumbersUnsafe.code: "系统正在从备份恢复，暂时不能受理新的诉求，请稍后再试。紧急情况请直接拨打110、119或120。",
}
