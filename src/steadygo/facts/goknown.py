"""What well-known constructors and methods return, so that calls on their results get a full name. Types without pointer and error."""

from __future__ import annotations

_FIRST: dict[str, str] = {
    "bufio.NewReader": "bufio.Reader",
    "bufio.NewScanner": "bufio.Scanner",
    "bufio.NewWriter": "bufio.Writer",
    "bytes.NewBuffer": "bytes.Buffer",
    "bytes.NewBufferString": "bytes.Buffer",
    "bytes.NewReader": "bytes.Reader",
    "context.Background": "context.Context",
    "context.TODO": "context.Context",
    "context.WithCancel": "context.Context",
    "context.WithCancelCause": "context.Context",
    "context.WithDeadline": "context.Context",
    "context.WithTimeout": "context.Context",
    "context.WithValue": "context.Context",
    "context.WithoutCancel": "context.Context",
    "crypto/tls.Listen": "net.Listener",
    "database/sql.Open": "database/sql.DB",
    "database/sql.OpenDB": "database/sql.DB",
    "database/sql.DB.Begin": "database/sql.Tx",
    "database/sql.DB.BeginTx": "database/sql.Tx",
    "database/sql.DB.Conn": "database/sql.Conn",
    "database/sql.DB.Prepare": "database/sql.Stmt",
    "database/sql.DB.PrepareContext": "database/sql.Stmt",
    "database/sql.DB.Query": "database/sql.Rows",
    "database/sql.DB.QueryContext": "database/sql.Rows",
    "database/sql.DB.QueryRow": "database/sql.Row",
    "database/sql.DB.QueryRowContext": "database/sql.Row",
    "database/sql.Conn.BeginTx": "database/sql.Tx",
    "database/sql.Conn.QueryContext": "database/sql.Rows",
    "database/sql.Conn.QueryRowContext": "database/sql.Row",
    "database/sql.Tx.Prepare": "database/sql.Stmt",
    "database/sql.Tx.PrepareContext": "database/sql.Stmt",
    "database/sql.Tx.Query": "database/sql.Rows",
    "database/sql.Tx.QueryContext": "database/sql.Rows",
    "database/sql.Tx.QueryRow": "database/sql.Row",
    "database/sql.Tx.QueryRowContext": "database/sql.Row",
    "database/sql.Stmt.Query": "database/sql.Rows",
    "database/sql.Stmt.QueryContext": "database/sql.Rows",
    "database/sql.Stmt.QueryRow": "database/sql.Row",
    "database/sql.Stmt.QueryRowContext": "database/sql.Row",
    "errors.New": "error",
    "flag.NewFlagSet": "flag.FlagSet",
    "fmt.Errorf": "error",
    "fmt.Sprintf": "string",
    "log.Default": "log.Logger",
    "log.New": "log.Logger",
    "log/slog.Default": "log/slog.Logger",
    "log/slog.New": "log/slog.Logger",
    "log/slog.With": "log/slog.Logger",
    "log/slog.Logger.With": "log/slog.Logger",
    "log/slog.Logger.WithGroup": "log/slog.Logger",
    "net.Dial": "net.Conn",
    "net.DialTimeout": "net.Conn",
    "net.Listen": "net.Listener",
    "net.Listener.Accept": "net.Conn",
    "net/http.Client.Do": "net/http.Response",
    "net/http.Client.Get": "net/http.Response",
    "net/http.Client.Post": "net/http.Response",
    "net/http.Get": "net/http.Response",
    "net/http.NewRequest": "net/http.Request",
    "net/http.NewRequestWithContext": "net/http.Request",
    "net/http.NewServeMux": "net/http.ServeMux",
    "net/http.Post": "net/http.Response",
    "net/http.PostForm": "net/http.Response",
    "net/http.Request.Clone": "net/http.Request",
    "net/http.Request.Context": "context.Context",
    "net/http.Request.WithContext": "net/http.Request",
    "net/http/httptest.NewRecorder": "net/http/httptest.ResponseRecorder",
    "net/http/httptest.NewServer": "net/http/httptest.Server",
    "os.Create": "os.File",
    "os.CreateTemp": "os.File",
    "os.Getenv": "string",
    "os.Open": "os.File",
    "os.OpenFile": "os.File",
    "os/exec.Command": "os/exec.Cmd",
    "os/exec.CommandContext": "os/exec.Cmd",
    "os/signal.NotifyContext": "context.Context",
    "strings.NewReader": "strings.Reader",
    "time.After": "<-chan time.Time",
    "time.AfterFunc": "time.Timer",
    "time.NewTicker": "time.Ticker",
    "time.NewTimer": "time.Timer",
    "time.Now": "time.Time",
    "time.Since": "time.Duration",
    "time.Tick": "<-chan time.Time",
    "time.Time.Add": "time.Time",
    "time.Time.Sub": "time.Duration",
    "time.Until": "time.Duration",
    "github.com/gin-gonic/gin.Default": "github.com/gin-gonic/gin.Engine",
    "github.com/gin-gonic/gin.New": "github.com/gin-gonic/gin.Engine",
    "github.com/gin-gonic/gin.Engine.Group": "github.com/gin-gonic/gin.RouterGroup",
    "github.com/gin-gonic/gin.RouterGroup.Group": "github.com/gin-gonic/gin.RouterGroup",
    "github.com/gofiber/fiber.New": "github.com/gofiber/fiber.App",
    "github.com/gofiber/fiber/v2.New": "github.com/gofiber/fiber/v2.App",
    "github.com/gofiber/fiber/v3.New": "github.com/gofiber/fiber/v3.App",
    "github.com/gorilla/mux.NewRouter": "github.com/gorilla/mux.Router",
    "github.com/gorilla/mux.Router.PathPrefix": "github.com/gorilla/mux.Route",
    "github.com/gorilla/mux.Router.Host": "github.com/gorilla/mux.Route",
    "github.com/gorilla/mux.Router.Methods": "github.com/gorilla/mux.Route",
    "github.com/gorilla/mux.Router.NewRoute": "github.com/gorilla/mux.Route",
    "github.com/gorilla/mux.Router.Path": "github.com/gorilla/mux.Route",
    "github.com/gorilla/mux.Router.Handle": "github.com/gorilla/mux.Route",
    "github.com/gorilla/mux.Router.HandleFunc": "github.com/gorilla/mux.Route",
    "github.com/gorilla/mux.Route.Methods": "github.com/gorilla/mux.Route",
    "github.com/gorilla/mux.Route.Path": "github.com/gorilla/mux.Route",
    "github.com/gorilla/mux.Route.PathPrefix": "github.com/gorilla/mux.Route",
    "github.com/gorilla/mux.Route.Subrouter": "github.com/gorilla/mux.Router",
    "github.com/gorilla/websocket.Upgrader.Upgrade": "github.com/gorilla/websocket.Conn",
    "github.com/jackc/pgx/v4/pgxpool.Connect": "github.com/jackc/pgx/v4/pgxpool.Pool",
    "github.com/jackc/pgx/v5.Connect": "github.com/jackc/pgx/v5.Conn",
    "github.com/jackc/pgx/v5/pgxpool.New": "github.com/jackc/pgx/v5/pgxpool.Pool",
    "github.com/jackc/pgx/v5/pgxpool.NewWithConfig": "github.com/jackc/pgx/v5/pgxpool.Pool",
    "github.com/jackc/pgx/v5/pgxpool.ParseConfig": "github.com/jackc/pgx/v5/pgxpool.Config",
    "github.com/jmoiron/sqlx.Connect": "github.com/jmoiron/sqlx.DB",
    "github.com/jmoiron/sqlx.MustConnect": "github.com/jmoiron/sqlx.DB",
    "github.com/jmoiron/sqlx.MustOpen": "github.com/jmoiron/sqlx.DB",
    "github.com/jmoiron/sqlx.NewDb": "github.com/jmoiron/sqlx.DB",
    "github.com/jmoiron/sqlx.Open": "github.com/jmoiron/sqlx.DB",
    "github.com/julienschmidt/httprouter.New": "github.com/julienschmidt/httprouter.Router",
    "github.com/nats-io/nats.go.Connect": "github.com/nats-io/nats.go.Conn",
    "github.com/prometheus/client_golang/prometheus.NewRegistry": "github.com/prometheus/client_golang/prometheus.Registry",
    "github.com/rs/zerolog.New": "github.com/rs/zerolog.Logger",
    "github.com/sirupsen/logrus.New": "github.com/sirupsen/logrus.Logger",
    "github.com/sirupsen/logrus.WithField": "github.com/sirupsen/logrus.Entry",
    "github.com/sirupsen/logrus.WithFields": "github.com/sirupsen/logrus.Entry",
    "github.com/sirupsen/logrus.WithError": "github.com/sirupsen/logrus.Entry",
    "github.com/spf13/viper.New": "github.com/spf13/viper.Viper",
    "go.etcd.io/bbolt.Open": "go.etcd.io/bbolt.DB",
    "go.uber.org/zap.L": "go.uber.org/zap.Logger",
    "go.uber.org/zap.Must": "go.uber.org/zap.Logger",
    "go.uber.org/zap.New": "go.uber.org/zap.Logger",
    "go.uber.org/zap.NewDevelopment": "go.uber.org/zap.Logger",
    "go.uber.org/zap.NewExample": "go.uber.org/zap.Logger",
    "go.uber.org/zap.NewNop": "go.uber.org/zap.Logger",
    "go.uber.org/zap.NewProduction": "go.uber.org/zap.Logger",
    "go.uber.org/zap.S": "go.uber.org/zap.SugaredLogger",
    "go.uber.org/zap.Logger.Named": "go.uber.org/zap.Logger",
    "go.uber.org/zap.Logger.Sugar": "go.uber.org/zap.SugaredLogger",
    "go.uber.org/zap.Logger.With": "go.uber.org/zap.Logger",
    "go.uber.org/zap.SugaredLogger.Named": "go.uber.org/zap.SugaredLogger",
    "go.uber.org/zap.SugaredLogger.With": "go.uber.org/zap.SugaredLogger",
    "golang.org/x/sync/errgroup.WithContext": "golang.org/x/sync/errgroup.Group",
    "golang.org/x/time/rate.NewLimiter": "golang.org/x/time/rate.Limiter",
    "google.golang.org/grpc.Dial": "google.golang.org/grpc.ClientConn",
    "google.golang.org/grpc.DialContext": "google.golang.org/grpc.ClientConn",
    "google.golang.org/grpc.NewClient": "google.golang.org/grpc.ClientConn",
    "google.golang.org/grpc.NewServer": "google.golang.org/grpc.Server",
    "google.golang.org/grpc/health.NewServer": "google.golang.org/grpc/health.Server",
    "gorm.io/gorm.Open": "gorm.io/gorm.DB",
    "gorm.io/gorm.DB.DB": "database/sql.DB",
}


def _families() -> dict[str, str]:
    found = dict(_FIRST)
    metrics = "github.com/prometheus/client_golang/prometheus"
    found[f"{metrics}/promauto.With"] = f"{metrics}/promauto.Factory"
    for package in (metrics, f"{metrics}/promauto", f"{metrics}/promauto.Factory"):
        for name in ("Counter", "Gauge", "Histogram", "Summary"):
            found[f"{package}.New{name}"] = f"{metrics}.{name}"
            found[f"{package}.New{name}Vec"] = f"{metrics}.{name}Vec"
            found[f"{metrics}.{name}Vec.WithLabelValues"] = f"{metrics}.{name}"
            found[f"{metrics}.{name}Vec.With"] = f"{metrics}.{name}"
    for version in ("", "/v5"):
        chi = f"github.com/go-chi/chi{version}"
        for made in ("NewRouter", "NewMux"):
            found[f"{chi}.{made}"] = f"{chi}.Mux"
        for method in ("With", "Group", "Route"):
            found[f"{chi}.Mux.{method}"] = found[f"{chi}.Router.{method}"] = f"{chi}.Router"
    for version in ("", "/v4", "/v5"):
        echo = f"github.com/labstack/echo{version}"
        found[f"{echo}.New"] = f"{echo}.Echo"
        found[f"{echo}.Echo.Group"] = found[f"{echo}.Group.Group"] = f"{echo}.Group"
    for package in ("github.com/go-redis/redis", "github.com/go-redis/redis/v8", "github.com/redis/go-redis/v9"):
        found[f"{package}.NewClient"] = f"{package}.Client"
        found[f"{package}.NewFailoverClient"] = f"{package}.Client"
        found[f"{package}.NewClusterClient"] = f"{package}.ClusterClient"
        found[f"{package}.NewUniversalClient"] = f"{package}.UniversalClient"
    for package in ("go.etcd.io/etcd/client/v3", "go.etcd.io/etcd/clientv3", "github.com/coreos/etcd/clientv3"):
        found[f"{package}.New"] = found[f"{package}.NewFromURL"] = f"{package}.Client"
        found[f"{package}.NewWatcher"] = f"{package}.Watcher"
        found[f"{package}.NewLease"] = f"{package}.Lease"
        found[f"{package}.NewKV"] = f"{package}.KV"
        for owner in ("Client", "Watcher"):
            found[f"{package}.{owner}.Watch"] = f"{package}.WatchChan"
        found[f"{package}/concurrency.NewSession"] = f"{package}/concurrency.Session"
        found[f"{package}/concurrency.NewMutex"] = f"{package}/concurrency.Mutex"
        found[f"{package}/concurrency.NewElection"] = f"{package}/concurrency.Election"
    return found


RESULTS: dict[str, str] = _families()
"""Full name of a function or method -> type of its first result."""

FURTHER_RESULTS: dict[str, tuple[str, ...]] = {
    "context.WithCancel": ("context.CancelFunc",),
    "context.WithCancelCause": ("context.CancelCauseFunc",),
    "context.WithDeadline": ("context.CancelFunc",),
    "context.WithTimeout": ("context.CancelFunc",),
    "os/signal.NotifyContext": ("context.CancelFunc",),
    "golang.org/x/sync/errgroup.WithContext": ("context.Context",),
}
"""Types of the second and later results where rules ask for them."""

FIELDS: dict[str, str] = {
    "net/http.Request.Body": "io.ReadCloser",
    "net/http.Request.Header": "net/http.Header",
    "net/http.Request.URL": "net/url.URL",
    "net/http.Response.Body": "io.ReadCloser",
    "time.Ticker.C": "<-chan time.Time",
    "time.Timer.C": "<-chan time.Time",
    "net/http.DefaultClient": "net/http.Client",
    "net/http.DefaultServeMux": "net/http.ServeMux",
    "github.com/prometheus/client_golang/prometheus.DefaultRegisterer": "github.com/prometheus/client_golang/prometheus.Registerer",
    "os.Stderr": "os.File",
    "os.Stdin": "os.File",
    "os.Stdout": "os.File",
}
"""Types of well-known fields and package variables."""
