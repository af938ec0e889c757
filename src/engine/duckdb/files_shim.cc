/* A file system of the database whose files our C code lists, opens and reads. Read-only: whatever
 * is not overridden is refused by the base class.
 *
 * A list is asked for by name (SCHEME NUMBER) as if it were a pattern; its files carry list and
 * place with them, and nothing else can be opened: a name alone opens no file. */
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <duckdb.h>
#include <duckdb/common/file_opener.hpp>
#include <duckdb/common/file_system.hpp>

#include "engine/duckdb/files_shim.h"

namespace duckdb
{
/* Declared for its exported function alone; what duckdb_database points to holds one. */
class DuckDB
{
  public:
    FileSystem &GetFileSystem();
};
} // namespace duckdb

namespace
{
using duckdb::FileHandle;
using duckdb::FileOpener;
using duckdb::FileOpenFlags;
using duckdb::IOException;
using duckdb::OpenFileInfo;
using duckdb::optional_ptr;
using duckdb::PermissionException;
using duckdb::string;
using duckdb::unique_ptr;
using duckdb::Value;

/* As capi_internal.hpp has them. */
struct database_wrapper {
    duckdb::shared_ptr<duckdb::DuckDB> database;
};
struct context_wrapper {
    duckdb::ClientContext &context;
};

const char *const PLACE = "vedette_place"; /* list << 32 | at */

class part_handle final : public FileHandle
{
  public:
    part_handle(duckdb::FileSystem &fs, const string &name, FileOpenFlags how,
                const files_shim_calls *calls_p)
        : FileHandle(fs, name, how), calls(calls_p)
    {
    }
    ~part_handle() override { part_handle::Close(); }
    void Close() override
    {
        if (file != nullptr)
            calls->close(file);
        file = nullptr;
    }

    const files_shim_calls *calls;
    void *file = nullptr;
    int64_t bytes = 0;
    bool here = false;
    uint64_t at = 0; /* of Read without a place */
};

uint64_t connection_of(optional_ptr<FileOpener> opener)
{
    auto context = FileOpener::TryGetClientContext(opener);
    if (!context)
        return 0;
    context_wrapper wrapper{*context};
    return duckdb_client_context_get_connection_id(
        reinterpret_cast<duckdb_client_context>(&wrapper));
}

class part_files final : public duckdb::FileSystem
{
  public:
    explicit part_files(const files_shim_calls *calls_p) : calls(calls_p) {}

    string GetName() const override { return "vedette parts"; }
    bool CanHandleFile(const string &path) override
    {
        return path.compare(0, sizeof(FILES_SHIM_SCHEME) - 1, FILES_SHIM_SCHEME) == 0;
    }
    /* Names are what we gave out, so that there is nothing to resolve. */
    string CanonicalizePath(const string &path, optional_ptr<FileOpener>) override { return path; }
    string PathSeparator(const string &) override { return "/"; }
    bool CanSeek() override { return true; }
    bool OnDiskFile(FileHandle &handle) override { return part(handle).here; }
    bool FileExists(const string &, optional_ptr<FileOpener>) override { return false; }
    bool DirectoryExists(const string &, optional_ptr<FileOpener>) override { return false; }
    bool IsPipe(const string &, optional_ptr<FileOpener>) override { return false; }
    int64_t GetFileSize(FileHandle &handle) override { return part(handle).bytes; }
    duckdb::FileType GetFileType(FileHandle &) override
    {
        return duckdb::FileType::FILE_TYPE_REGULAR;
    }
    /* A part never changes, and another one never has its name. */
    duckdb::timestamp_t GetLastModifiedTime(FileHandle &) override
    {
        return duckdb::timestamp_t(1);
    }
    string GetVersionTag(FileHandle &handle) override { return handle.path; }
    void Seek(FileHandle &handle, duckdb::idx_t at) override { part(handle).at = at; }
    duckdb::idx_t SeekPosition(FileHandle &handle) override { return part(handle).at; }

    void Read(FileHandle &handle, void *to, int64_t n, duckdb::idx_t at) override
    {
        char why[FILES_SHIM_WHY_BYTES] = "";
        part_handle &p = part(handle);
        if (n < 0 || at > static_cast<uint64_t>(p.bytes) ||
            static_cast<uint64_t>(n) > static_cast<uint64_t>(p.bytes) - at)
            throw IOException(handle.path + ": a range behind its end");
        if (!calls->read(p.file, to, static_cast<size_t>(n), static_cast<int64_t>(at), why))
            throw IOException(string(why));
    }
    int64_t Read(FileHandle &handle, void *to, int64_t n) override
    {
        part_handle &p = part(handle);
        int64_t left = p.bytes - static_cast<int64_t>(p.at);
        n = n > left ? left : n;
        Read(handle, to, n, p.at);
        p.at += static_cast<uint64_t>(n);
        return n;
    }

    duckdb::vector<OpenFileInfo> Glob(const string &path, duckdb::FileOpener *) override
    {
        char *end = nullptr;
        const char *number = path.c_str() + sizeof(FILES_SHIM_SCHEME) - 1;
        uint64_t id = std::strtoull(number, &end, 10);
        void *list = end != number && *end == '\0' ? calls->list(calls->self, id) : nullptr;
        if (list == nullptr)
            throw PermissionException("there is no list of parts '" + path + "'");
        try {
            duckdb::vector<OpenFileInfo> files = names(list, id);
            calls->list_drop(list);
            return files;
        } catch (...) {
            calls->list_drop(list);
            throw;
        }
    }

  protected:
    bool SupportsOpenFileExtended() const override { return true; }
    unique_ptr<FileHandle> OpenFileExtended(const OpenFileInfo &info, FileOpenFlags flags,
                                            optional_ptr<FileOpener> opener) override
    {
        char why[FILES_SHIM_WHY_BYTES] = "";
        if (flags.OpenForWriting() || !info.extended_info)
            throw PermissionException("'" + info.path + "' can't be opened");
        auto found = info.extended_info->options.find(PLACE);
        if (found == info.extended_info->options.end())
            throw PermissionException("'" + info.path + "' can't be opened");
        uint64_t place = duckdb::UBigIntValue::Get(found->second);
        auto handle =
            duckdb::unique_ptr<part_handle>(new part_handle(*this, info.path, flags, calls));
        handle->file = calls->open(calls->self, place >> 32, place & UINT32_MAX,
                                   connection_of(opener), &handle->bytes, &handle->here, why);
        if (handle->file == nullptr)
            throw IOException(string(why));
        return unique_ptr<FileHandle>(handle.release());
    }

  private:
    const files_shim_calls *calls;

    static part_handle &part(FileHandle &handle) { return static_cast<part_handle &>(handle); }

    duckdb::vector<OpenFileInfo> names(const void *list, uint64_t id) const
    {
        duckdb::vector<OpenFileInfo> files;
        char name[sizeof(FILES_SHIM_SCHEME) + FILES_SHIM_NAME_BYTES] = FILES_SHIM_SCHEME;
        size_t n = calls->list_count(list);
        files.reserve(n);
        for (size_t i = 0; i < n; i++) {
            calls->list_name(list, i, name + sizeof(FILES_SHIM_SCHEME) - 1);
            OpenFileInfo info{string(name)};
            info.extended_info = duckdb::make_shared_ptr<duckdb::ExtendedOpenFileInfo>();
            info.extended_info->options.emplace(PLACE, Value::UBIGINT(id << 32 | i));
            files.push_back(std::move(info));
        }
        return files;
    }
};
} // namespace

bool files_shim_register(void *database, const struct files_shim_calls *calls,
                         char why[FILES_SHIM_WHY_BYTES])
{
    try {
        auto *wrapper = static_cast<database_wrapper *>(database);
        wrapper->database->GetFileSystem().RegisterSubSystem(
            unique_ptr<duckdb::FileSystem>(new part_files(calls)));
        return true;
    } catch (const std::exception &x) {
        std::snprintf(why, FILES_SHIM_WHY_BYTES, "%s", x.what());
        return false;
    }
}
